import './styles/elements';
import './styles/base.css';

import { createApp } from 'vue';

import App from './App.vue';
import { router } from './router';

// Element Plus knows its dark colours by a class; the system's wish is the only switch.
const dark = matchMedia('(prefers-color-scheme: dark)');
const follow = (): void => {
  document.documentElement.classList.toggle('dark', dark.matches);
};
follow();
dark.addEventListener('change', follow);

createApp(App).use(router).mount('#app');
