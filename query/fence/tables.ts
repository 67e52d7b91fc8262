/** Full name of a table of ours; the database's name is part of the product's interface. */
export const tableName = <const Name extends string>(name: Name): `wattline.${Name}` => `wattline.${name}`
