import { createPinia } from 'pinia';
import { createApp } from 'vue';
import App from './App.vue';
import { createRoutes } from './routes';
import './ui/theme.css';

createApp(App).use(createPinia()).use(createRoutes()).mount('#app');
