/** Lets tests import single-file components; what is inside them is checked by vue-tsc. */
declare module '*.vue' {
  import type { Component } from 'vue';

  const component: Component;
  export default component;
}
