// What is there more than once: { what: [keys] } becomes ["what: key"]. Keys that are missing are no duplicates.
export function duplicates(groups) {
  return Object.entries(groups).flatMap(([what, keys]) =>
    [...new Set(keys.filter((k, i) => k !== null && k !== undefined && keys.indexOf(k) !== i))].map((k) => `${what}: ${k}`),
  );
}
