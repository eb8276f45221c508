// @vitest-environment happy-dom
import { mount } from '@vue/test-utils';
import { expect, it } from 'vitest';
import BaseSlider from '../../../src-renderer/ui/BaseSlider.vue';

/** As browsers do and happy-dom does not: a value beyond the ends is cut to them at the moment it is set. */
function cutToEnds(input: HTMLInputElement): void {
  let value = input.value;
  Object.defineProperty(input, 'value', {
    get: () => value,
    set: (wanted: string) => {
      value = String(Math.min(Number(input.max), Math.max(Number(input.min), Number(wanted))));
    },
  });
}

it('stands where its value is, also when value and end change at once', async () => {
  const slider = mount(BaseSlider, {
    props: { label: 'Step', min: 0, max: 4, words: '4 of 4', modelValue: 4 },
  });
  const input = slider.get('input');
  cutToEnds(input.element);
  await slider.setProps({ max: 22, modelValue: 22, words: '22 of 22' });
  expect(input.element.value).toBe('22');
  await input.setValue('7');
  expect(slider.emitted('update:modelValue')).toEqual([[7]]);
});
