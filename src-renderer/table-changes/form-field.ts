import { computed } from 'vue';
import type { Ref, WritableComputedRef } from 'vue';

/**
 * One answer of a form that is replaced as a whole, for v-model. Answers that change together are set at once on the form:
 * a component sees its own change only after its parent has taken it.
 */
export function fieldOf<Form extends object, Key extends keyof Form>(
  form: Ref<Form>,
  key: Key,
): WritableComputedRef<Form[Key]> {
  return computed({
    get: () => form.value[key],
    set: (value) => (form.value = { ...form.value, [key]: value }),
  });
}
