import { createPinia } from 'pinia';
import { createApp } from 'vue';
import { backendKey, carrierFor } from '../client';
import { createBackend } from '../client/backend';
import { createTabMemory } from '../client/tab-memory';
import { publishFrames } from '../client/frame-meter';
import '../theme/base.css';
import '../theme/tokens.css';
import App from './App.vue';

publishFrames();
createApp(App)
  .use(createPinia())
  .provide(backendKey, createBackend(carrierFor(navigator.userAgent), createTabMemory(sessionStorage)))
  .mount('#app');
