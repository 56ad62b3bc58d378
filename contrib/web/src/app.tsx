// SPDX-License-Identifier: MIT
//
// The frame: which page, and what stands around it.
import { lazy, Suspense, useEffect, useRef } from 'react';
import { Header } from './components/header';
import { Boundary } from './components/ui/boundary';
import { Skeleton } from './components/ui/skeleton';
import { Toasts } from './components/ui/toasts';
import { useLiveNotifications } from './hooks/use-live-notifications';
import { NotFoundPage } from './pages/not-found';
import { OrdersPage } from './pages/orders';
import { SignInPage } from './pages/sign-in';
import { TrackPage } from './pages/track';
import { pageOf, usePath, type Page } from './router/router';

const KitchenPage = lazy(() => import('./pages/kitchen'));
const NotificationsPage = lazy(() => import('./pages/notifications'));
const PreferencesPage = lazy(() => import('./pages/preferences'));

function Content({ page }: { page: Page }) {
  switch (page.name) {
    case 'orders':
      return <OrdersPage />;
    case 'track':
      return <TrackPage key={page.id} id={page.id} />;
    case 'notifications':
      return <NotificationsPage />;
    case 'preferences':
      return <PreferencesPage />;
    case 'sign_in':
      return <SignInPage />;
    default:
      return <NotFoundPage />;
  }
}

// Whoever follows a link within the app is at the beginning of what it opens,
// as by any other link.
function useFocusOnArrival(path: string): void {
  const before = useRef(path);
  useEffect(() => {
    if (before.current === path) return;
    before.current = path;
    document.getElementById('main')?.focus({ preventScroll: true });
  }, [path]);
}

function Customer({ page }: { page: Page }) {
  useLiveNotifications();
  useFocusOnArrival(usePath());
  return (
    <>
      <Header />
      <main id="main" className="main" tabIndex={-1}>
        <Boundary key={page.name}>
          <Suspense fallback={<Skeleton heights={[160, 240]} />}>
            <Content page={page} />
          </Suspense>
        </Boundary>
      </main>
    </>
  );
}

export function App() {
  const page = pageOf(usePath());
  return (
    <>
      {page.name === 'kitchen' ? (
        <Boundary>
          <Suspense fallback={<Skeleton heights={[400]} />}>
            <KitchenPage />
          </Suspense>
        </Boundary>
      ) : (
        <Customer page={page} />
      )}
      <Toasts />
    </>
  );
}
