/**
 * Cases that are not right yet. One of them that has become right fails the test, so that this list gets shorter and never
 * hides anything.
 */
<<<<<<< HEAD
export const NOT_YET: ReadonlySet<string> = new Set(['tariff-05-negative-price'])
=======
export const NOT_YET: ReadonlySet<string> = new Set([
  'process-01-nobody-reads-its-output',
  'sql-02-jdbc-compress',
  'sql-03-qualified-system-columns',
  'sql-04-many-qualified-columns',
  'sql-05-superset-columns',
])
>>>>>>> c6cc995 (config: units in every duration and size, and checks of books, ports and folders)
