/** A unit as its form holds it, and what of it goes to the server. Pure. */
import type { Unit } from './schema';
import { CHANNELS } from './words';

export interface UnitValues {
  version: number;
  name: string;
  code: string;
  parent_id: number | null;
  region: string;
  open: boolean;
  duty_name: string;
  /** A new one; empty leaves the old one as it is. */
  duty_number: string;
  duty_removed: boolean;
  addresses: Record<string, string>;
}

export const LABELS: Record<string, string> = {
  name: '名称',
  code: '编码',
  parent_id: '上级单位',
  region: '区域',
  open: '启用',
  duty_name: '值班联系人',
  duty_number: '值班电话',
  addresses: '通知地址',
  ...Object.fromEntries(CHANNELS.map(({ name, label }) => [`addresses.${name}`, label])),
};

export function unitValues(unit: Unit | null): UnitValues {
  const blank = Object.fromEntries(CHANNELS.map(({ name }) => [name, '']));
  return {
    version: unit?.version ?? 0,
    name: unit?.name ?? '',
    code: unit?.code ?? '',
    parent_id: unit?.parent_id ?? null,
    region: unit?.region ?? '',
    open: unit?.open ?? true,
    duty_name: unit?.duty_name ?? '',
    duty_number: '',
    duty_removed: false,
    addresses: { ...blank, ...unit?.addresses },
  };
}

/** Addresses go whole; a number that was not typed is not sent, for the old one is to stay. */
export function unitFields(values: UnitValues, before: Unit | null): Record<string, unknown> {
  const { version, duty_number, duty_removed, addresses, ...plain } = values;
  const fields: Record<string, unknown> = {
    ...plain,
    name: plain.name.trim(),
    code: plain.code.trim(),
    region: plain.region.trim(),
    duty_name: plain.duty_name.trim(),
    addresses: Object.fromEntries(
      Object.entries(addresses)
        .map(([name, address]) => [name, address.trim()])
        .filter(([, address]) => address !== ''),
    ),
  };
  if (duty_removed) fields['duty_number'] = '';
  else if (duty_number.trim() !== '') fields['duty_number'] = duty_number.trim();
  return before === null ? fields : { ...fields, version };
}
