// SPDX-License-Identifier: MIT
//
// The kitchen display: every order of the tenant that is under way, live.
import { useEffect, useMemo, useState } from 'react';
import type { Order } from '../api/types';
import { Board } from '../components/kitchen/board';
import { KitchenBar } from '../components/kitchen/kitchen-bar';
import { isTyping, moveFocus } from '../components/kitchen/keys';
import { OrderDialog } from '../components/kitchen/order-dialog';
import { RecallDialog } from '../components/kitchen/recall-dialog';
import { Stations } from '../components/kitchen/stations';
import { useSound } from '../components/kitchen/use-sound';
import { useWakeLock } from '../components/kitchen/use-wake-lock';
import { Announce } from '../components/ui/announce';
import { Skeleton } from '../components/ui/skeleton';
import { useKitchenLive } from '../hooks/use-kitchen-live';
import { undoLast } from '../hooks/use-taps';
import { useLasting } from '../hooks/use-lasting';
import { useTitle } from '../hooks/use-title';
import { t } from '../i18n/i18n';
import { boardOf, stationsOf, withPending } from '../model/board';
import { useSignedIn } from '../session/use-session';
import { onDevice } from '../session/store';
import { useKitchenStore } from '../stores/kitchen';
import '../styles/kitchen.css';
import { SignInPage } from './sign-in';

// A restart of the server passes unnoticed.
const STALE_MS = 2000;
const STATION = 'ow.kitchen.station';

// A station without work is still the one that was chosen.
function useStation(): [string | null, (s: string | null) => void] {
  const [station, setStation] = useState(() => onDevice.get(STATION));
  const choose = (name: string | null) => {
    onDevice.set(STATION, name);
    setStation(name);
  };
  return [station, choose];
}

function useKeys(onSound: () => void): void {
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (isTyping(event.target)) return;
      if (event.metaKey || event.ctrlKey || event.altKey) return;
      if (event.key.startsWith('Arrow')) {
        event.preventDefault();
        moveFocus(event.key);
      } else if (event.key.toLowerCase() === 'u') {
        undoLast();
      } else if (event.key.toLowerCase() === 's') {
        onSound();
      }
    };
    window.addEventListener('keydown', pressed);
    return () => window.removeEventListener('keydown', pressed);
  }, [onSound]);
}

function Display() {
  const retry = useKitchenLive();
  useWakeLock();
  const sound = useSound();
  useKeys(sound.toggle);
  const { orders, pending, connection, hasSnapshot, arrived } =
    useKitchenStore();
  const [recalled, setRecalled] = useState<Order | null>(null);
  const [opened, setOpened] = useState<string | null>(null);
  const shown = opened === null ? undefined : orders[opened]?.order;
  const list = useMemo(() => Object.values(orders), [orders]);
  const names = useMemo(() => stationsOf(list), [list]);
  const [station, chooseStation] = useStation();
  const board = boardOf(list, pending, station);
  const all =
    station === null || names.includes(station) ? names : [...names, station];
  const isRefused =
    connection.end === 'unauthorized' || connection.end === 'forbidden';
  const isTrue = connection.phase === 'live' || connection.phase === 'quiet';
  const isStale = useLasting(hasSnapshot && !isTrue && !isRefused, STALE_MS);
  return (
    <div className="kitchen" data-stale={isStale || undefined}>
      <KitchenBar
        connection={connection}
        sound={sound}
        onRetry={hasSnapshot ? undefined : retry}
      >
        <Stations names={all} chosen={station} onChoose={chooseStation} />
      </KitchenBar>
      <main id="main">
        {isRefused && <SignInPage who="kitchen" />}
        {!isRefused && hasSnapshot && (
          <Board
            board={board}
            pending={pending}
            onRecall={setRecalled}
            onMore={(order) => setOpened(order.id)}
          />
        )}
        {!isRefused && !hasSnapshot && <Skeleton heights={[320]} />}
      </main>
      {/* Below the board, which must not move under a finger. */}
      <div className="kitchen-stale">
        <p role="status">{isStale && t('kitchen.stale')}</p>
        {isStale && (
          <button type="button" className="button" onClick={retry}>
            {t('live.again')}
          </button>
        )}
      </div>
      <footer className="kitchen-keys muted small">
        {t('kitchen.keys_text')}
      </footer>
      <Announce
        text={arrived ? t('kitchen.new_order', { number: arrived.number }) : ''}
      />
      {shown && (
        <OrderDialog
          order={withPending(shown, pending)}
          onClose={() => setOpened(null)}
        />
      )}
      {recalled && (
        <RecallDialog order={recalled} onClose={() => setRecalled(null)} />
      )}
    </div>
  );
}

export default function KitchenPage() {
  const isSignedIn = useSignedIn('kitchen');
  useTitle(t('kitchen.title'));
  if (!isSignedIn)
    return (
      <main id="main" className="main">
        <SignInPage who="kitchen" />
      </main>
    );
  return <Display />;
}
