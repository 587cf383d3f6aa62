/** Whether two readings of a list show the same rows in the same places. Pure. */
export function sameRows(one: readonly { id: number }[], other: readonly { id: number }[]): boolean {
  return one.length === other.length && one.every((row, index) => row.id === other[index]?.id);
}
