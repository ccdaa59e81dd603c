// Where the vendors' published definitions are, when they are: they are not part of the project.
import { existsSync } from 'node:fs';
import path from 'node:path';

const top = path.resolve(import.meta.dirname, '../../..');
const shared = process.env.SHARED ?? path.join(top, '../shared'),
  folder = path.join(shared, 'vendors');
export const vendors = existsSync(folder) ? folder : undefined;
