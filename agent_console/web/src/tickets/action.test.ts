import { expect, it } from 'vitest';

import { mainAction } from './action';

const dispositions = [
  { code: 'answered', label: '当场答复', closes: true, state: 'closed', needs_class: true },
  { code: 'passed_on', label: '转派承办单位', closes: false, state: 'to_dispatch', needs_class: true },
  { code: 'not_accepted', label: '不予受理', closes: true, state: 'rejected', needs_class: true },
];
const labels = { closed: '已办结', to_dispatch: '待派单' };

it('says what will happen', () => {
  expect(mainAction(dispositions, 'answered', labels)?.label).toBe('办结');
  expect(mainAction(dispositions, 'passed_on', labels)).toEqual({
    label: '转派',
    effect: '提交后工单转为“待派单”',
  });
  expect(mainAction(dispositions, 'not_accepted', labels)?.label).toBe('不予受理');
});

it('given nothing chosen, promises nothing', () => {
  expect(mainAction(dispositions, null, labels)).toBeNull();
  expect(mainAction(dispositions, 'unknown', labels)).toBeNull();
});
