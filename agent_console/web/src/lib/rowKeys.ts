/** Rows of a table by keyboard: up, down, first, last; Enter is the row's own. */
export function moveByKey(event: KeyboardEvent): void {
  const row = event.currentTarget;
  if (!(row instanceof HTMLTableRowElement)) return;
  const rows = row.parentElement?.children;
  if (rows === undefined) return;
  const index = row.sectionRowIndex;
  const targets: Partial<Record<string, number>> = {
    ArrowDown: index + 1,
    ArrowUp: index - 1,
    Home: 0,
    End: rows.length - 1,
  };
  const target = targets[event.key];
  if (target === undefined) return;
  event.preventDefault();
  const next = rows[target];
  if (next instanceof HTMLElement) next.focus();
}
