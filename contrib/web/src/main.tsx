// SPDX-License-Identifier: MIT
//
// What happens before the first page: the token leaves the address bar, the
// configuration and the words are there.
import { QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app';
import { loadConfig } from './config/config';
import { newQueryClient } from './hooks/query-client';
import { loadLocale } from './i18n/i18n';
import { startBackground } from './offline/background';
import { arrive } from './session/arrive';
import { forgetWithSession } from './session/forget';
import { onDevice } from './session/store';
import './styles/index.css';

arrive(location, (url) => history.replaceState(null, '', url));

async function begin(): Promise<void> {
  const { locale } = await loadConfig();
  const chosen = onDevice.get('ow.locale');
  await loadLocale([
    ...(chosen ? [chosen] : []),
    ...(locale ? [locale] : []),
    ...navigator.languages,
  ]);
  const root = document.getElementById('root');
  if (!root) return;
  const client = newQueryClient();
  forgetWithSession(client);
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={client}>
        <App />
      </QueryClientProvider>
    </StrictMode>,
  );
  startBackground(client);
}

// A link opened in a tab that has the app already only changes the hash.
window.addEventListener('hashchange', () => {
  arrive(location, (url) => {
    history.replaceState(null, '', url);
    location.reload();
  });
});

void begin();
