/** What a citizen types to see where a ticket stands. Pure. */

const FULL_WIDTH = 0xfee0;

/** Full-width digits and signs as plain ones, without spaces: "２０２６１１２２－００００１" is a number too. */
export function plain(text: string): string {
  const narrow = text.replace(/[！-～]/g, (sign) =>
    String.fromCharCode(sign.charCodeAt(0) - FULL_WIDTH),
  );
  return narrow.replace(/\s/g, '').replace(/[—–−]/g, '-').toUpperCase();
}

/** The number as it is printed, whether or not its dash was typed. */
export function ticketNumber(text: string): string {
  const typed = plain(text);
  const bare = /^(\d{8})(\d{5,})$/.exec(typed);
  return bare === null ? typed : `${bare[1] ?? ''}-${bare[2] ?? ''}`;
}

export function statusMistakes(number: string, last4: string): Record<string, string> {
  const wrong: Record<string, string> = {};
  if (ticketNumber(number) === '') wrong['number'] = '请填写工单编号';
  else if (!/^\d{8}-\d{5,}$/.test(ticketNumber(number))) {
    wrong['number'] = '编号由 8 位日期和 5 位序号组成，如 20261122-00001';
  }
  if (!/^\d{4}$/.test(plain(last4))) wrong['last4'] = '请填写电话号码的最后四位数字';
  return wrong;
}
