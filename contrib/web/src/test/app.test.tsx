// SPDX-License-Identifier: MIT
import { QueryClientProvider } from '@tanstack/react-query';
import { fireEvent, render, screen } from '@testing-library/react';
import { afterEach, expect, it, vi } from 'vitest';
import { App } from '../app';
import { newQueryClient } from '../hooks/query-client';

afterEach(() => history.replaceState(null, '', '/'));

it('puts whoever follows a link at the beginning of its page', () => {
  vi.spyOn(window, 'scrollTo').mockReturnValue();
  history.replaceState(null, '', '/nowhere');
  render(
    <QueryClientProvider client={newQueryClient()}>
      <App />
    </QueryClientProvider>,
  );
  expect(document.activeElement).toBe(document.body);
  const link = screen.getByRole('link', { name: 'To my orders' });
  link.focus();
  fireEvent.click(link);
  expect(location.pathname).toBe('/orders');
  expect(document.activeElement?.id).toBe('main');
});
