import { createHash } from 'node:crypto'

/** Where the services of an address are, in the form of Keystone's catalogue. */
export function serviceCatalogue(home: string): readonly object[] {
  const services = [
    { type: 'identity', name: 'keystone', url: `${home}/identity` },
    { type: 'metric', name: 'gnocchi', url: `${home}/gnocchi` },
    { type: 'rating', name: 'cloudkitty', url: `${home}/cloudkitty` },
  ]
  return services.map(({ type, name, url }) => ({
    type,
    name,
    id: idOf(name),
    endpoints: ['public', 'internal', 'admin'].map(face => ({
      id: idOf(`${name}/${face}`),
      interface: face,
      region: REGION,
      region_id: REGION,
      url,
    })),
  }))
}

/** The region that OpenStack has where none is named. */
const REGION = 'RegionOne'

/** 32 hexadecimal digits that always stand for the same text, as Keystone's ids look. */
export const idOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32)
