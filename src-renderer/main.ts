import { createPinia } from 'pinia';
import { createApp } from 'vue';
import App from './App.vue';
import { createRoutes } from './routes';
import { useSettingsStore } from './settings/settings-store';
import './ui/theme.css';

const app = createApp(App).use(createPinia());
// Settings first and the page after: it is one short message, and the first picture has the right colours.
await useSettingsStore().follow();
app.use(createRoutes()).mount('#app');

// Two frames later the first picture is on the screen and takes clicks; "npm run bench -- startup" reads the mark.
requestAnimationFrame(() => requestAnimationFrame(() => performance.mark('shardboard:interactive')));
