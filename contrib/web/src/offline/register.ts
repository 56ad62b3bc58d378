// SPDX-License-Identifier: MIT
//
// register - the service worker, and the way to a new version: it is fetched in
// the background, waits, and takes over when the person says so.

const CHECK_MS = 3600_000;

type OnUpdate = (apply: () => void) => void;

function watch(registration: ServiceWorkerRegistration, onUpdate: OnUpdate) {
  let isApplied = false;
  const offer = (worker: ServiceWorker) => {
    // The first one ever replaces nothing.
    if (!navigator.serviceWorker.controller) return;
    onUpdate(() => {
      isApplied = true;
      worker.postMessage({ type: 'ow.skip_waiting' });
    });
  };
  if (registration.waiting) offer(registration.waiting);
  registration.addEventListener('updatefound', () => {
    const worker = registration.installing;
    worker?.addEventListener('statechange', () => {
      if (worker.state === 'installed') offer(worker);
    });
  });
  navigator.serviceWorker.addEventListener('controllerchange', () => {
    if (isApplied) location.reload();
  });
}

export async function registerWorker(onUpdate: OnUpdate): Promise<void> {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return;
  try {
    const registration = await navigator.serviceWorker.register('/sw.js', {
      updateViaCache: 'none',
    });
    watch(registration, onUpdate);
    const check = () => void registration.update().catch(() => {});
    setInterval(check, CHECK_MS);
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') check();
    });
  } catch {
    // Private mode, or no https: everything but offline and push works.
  }
}
