/**
 * Runs `work` for each item with limited concurrency. After the first failure no further work starts, and it rejects
 * when the running work has ended.
 */
export async function inTurns<Item>(
  items: readonly Item[],
  atATime: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const left = [...items]
  const failures: unknown[] = []
  const run = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined && failures.length === 0; item = left.shift()) {
      await work(item).catch((error: unknown) => failures.push(error))
    }
  }
  await Promise.all(Array.from({ length: atATime }, run))
  if (failures.length > 0) throw failures[0]
}
