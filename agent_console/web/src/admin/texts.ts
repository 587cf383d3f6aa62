/** Texts with gaps: `{number}` is filled in, `[…]` is left out when a gap in it has nothing. Pure. */

export interface Gap {
  name: string;
  label: string;
}

/** As a person reads it: "工单〔工单编号〕已派至贵单位，请于〔期限〕前签收。" */
export function readable(body: string, gaps: readonly Gap[]): string {
  const labels = new Map(gaps.map(({ name, label }) => [name, label]));
  return body
    .replace(/\{([^{}]*)\}/g, (whole, name: string) => {
      const label = labels.get(name);
      return label === undefined ? whole : `〔${label}〕`;
    })
    .replace(/[[\]]/g, '');
}

/** The text with `{name}` put in place of what is selected, and where the cursor then stands. */
export function withGap(
  body: string,
  name: string,
  from: number,
  to: number,
): { body: string; cursor: number } {
  const gap = `{${name}}`;
  return { body: body.slice(0, from) + gap + body.slice(to), cursor: from + gap.length };
}
