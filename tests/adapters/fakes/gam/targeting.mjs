// What a targeting may say: only what the network has, what is active, and nothing twice.
import { violation } from './errors.mjs';

// That everything named is there, is seen to for all messages alike (proto.mjs, references).
const at = (value, path) => path.split('.').reduce((v, k) => v?.[k], value);
const USABLE = [
  ['geoTargeting.targetedGeos', 'geoTargets', (g) => g.targetable, 'GEO_TARGETING_ERROR_UNTARGETABLE_LOCATION'],
  ['geoTargeting.excludedGeos', 'geoTargets', (g) => g.targetable, 'GEO_TARGETING_ERROR_UNTARGETABLE_LOCATION'],
  ['inventoryTargeting.targetedPlacements', 'placements', (p) => p.status === 'ACTIVE', 'COMMON_ERROR_NOT_APPLICABLE'],
];

export function checkTargeting(net, targeting, path) {
  const out = [];
  for (const [where, kind, usable, reason] of USABLE) {
    (at(targeting, where) ?? []).forEach((name, i) => {
      const item = net[kind].get(name);
      if (item && !usable(item)) out.push(violation(`${path}.${where}[${i}]`, reason, `${name} cannot be targeted.`, name));
    });
  }
  inventory(net, targeting.inventoryTargeting, `${path}.inventoryTargeting`, out);
  geo(targeting.geoTargeting, `${path}.geoTargeting`, net, out);
  custom(net, targeting.customTargeting, `${path}.customTargeting`, out);
  return out;
}

function inventory(net, t, path, out) {
  if (!t) return void out.push(violation(path, 'REQUIRED_ERROR_REQUIRED', 'A required member is missing.'));
  const units = t.targetedAdUnits ?? [],
    placements = t.targetedPlacements ?? [];
  if (!units.length && !placements.length) {
    out.push(violation(path, 'INVENTORY_TARGETING_ERROR_AT_LEAST_ONE_PLACEMENT_OR_INVENTORY_UNIT_REQUIRED', 'Nothing is targeted.'));
  }
  for (const [list, name] of [
    [units, 'targetedAdUnits'],
    [t.excludedAdUnits ?? [], 'excludedAdUnits'],
  ]) {
    list.forEach((u, i) => {
      const unit = net.adUnits.get(u.adUnit);
      if (unit && unit.status !== 'ACTIVE')
        out.push(violation(`${path}.${name}[${i}].adUnit`, 'INVENTORY_UNIT_ERROR_INVALID', 'The ad unit is not active.'));
    });
  }
  const targeted = units.map((u) => u.adUnit);
  if ((t.excludedAdUnits ?? []).some((u) => targeted.includes(u.adUnit))) {
    out.push(violation(path, 'INVENTORY_TARGETING_ERROR_INVENTORY_CANNOT_BE_TARGETED_AND_EXCLUDED', 'An ad unit is targeted and excluded.'));
  }
  if (targeted.some((u) => targeted.some((a) => a !== u && net.below(a).includes(u)))) {
    out.push(
      violation(path, 'INVENTORY_TARGETING_ERROR_INVENTORY_UNIT_CANNOT_BE_TARGETED_IF_ANCESTOR_IS_TARGETED', 'An ad unit is targeted below another.'),
    );
  }
}

function geo(t, path, net, out) {
  (t?.excludedGeos ?? []).forEach((name, i) => {
    const place = net.geoTargets.get(name);
    if (place?.type === 'Postal Code')
      out.push(violation(`${path}.excludedGeos[${i}]`, 'GEO_TARGETING_ERROR_POSTAL_CODES_CANNOT_BE_EXCLUDED', 'Postal codes cannot be excluded.'));
    if (t.targetedGeos?.includes(name))
      out.push(
        violation(
          `${path}.excludedGeos[${i}]`,
          'GENERIC_TARGETING_ERROR_CONFLICTING_INCLUSION_OR_EXCLUSION_OF_SIBLINGS',
          'A place is targeted and excluded.',
        ),
      );
  });
}

function custom(net, t, path, out) {
  (t?.customTargetingClauses ?? []).forEach((clause, c) => {
    const where = `${path}.customTargetingClauses[${c}]`,
      literals = clause.customTargetingLiterals ?? [];
    if (!literals.length) out.push(violation(where, 'CUSTOM_TARGETING_ERROR_INVALID_TARGETING_EXPRESSION', 'A clause without literals.'));
    literals.forEach((l, i) => literal(net, l, `${where}.customTargetingLiterals[${i}]`, out));
  });
}

function literal(net, l, path, out) {
  const key = net.customTargetingKeys.get(l.customTargetingKey),
    values = l.customTargetingValues ?? [];
  if (!key)
    return void (l.customTargetingKey || out.push(violation(`${path}.customTargetingKey`, 'REQUIRED_ERROR_REQUIRED', 'A literal needs a key.')));
  if (key.status !== 'ACTIVE')
    out.push(violation(`${path}.customTargetingKey`, 'CUSTOM_TARGETING_ERROR_KEY_STATUS_NOT_ACTIVE', 'The key is not active.'));
  if (!values.length) out.push(violation(path, 'CUSTOM_TARGETING_ERROR_KEY_WITH_MISSING_VALUES', 'The key has no values here.'));
  values.forEach((name, i) => {
    const value = net.customTargetingValues.get(name),
      field = `${path}.customTargetingValues[${i}]`;
    if (!value) return;
    if (value.customTargetingKey !== key.name)
      out.push(violation(field, 'CUSTOM_TARGETING_ERROR_INVALID_VALUE_FOR_KEY', 'The value belongs to another key.', name));
    else if (value.status !== 'ACTIVE')
      out.push(violation(field, 'CUSTOM_TARGETING_ERROR_VALUE_STATUS_NOT_ACTIVE', 'The value is not active.', name));
  });
}
