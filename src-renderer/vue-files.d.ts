/** For tools that read TypeScript but not Vue files (ESLint); vue-tsc sees the real components. */
declare module '*.vue' {
  import type { DefineComponent } from 'vue';
  const component: DefineComponent;
  export default component;
}
