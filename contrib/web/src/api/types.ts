// SPDX-License-Identifier: MIT
//
// types - what the server's calls and messages hold; contrib/openapi.yaml says
// what it means.

export type OrderStatus =
  | 'scheduled'
  | 'placed'
  | 'accepted'
  | 'preparing'
  | 'ready'
  | 'out_for_delivery'
  | 'delivered'
  | 'picked_up'
  | 'served'
  | 'rejected'
  | 'cancelled'
  | 'delivery_failed'
  | 'returned';

export type ItemStatus =
  | 'queued'
  | 'held'
  | 'preparing'
  | 'ready'
  | 'served'
  | 'voided';

export type DeliveryStatus =
  | 'none'
  | 'pending'
  | 'assigned'
  | 'accepted'
  | 'en_route_pickup'
  | 'arrived_pickup'
  | 'picked_up'
  | 'en_route_dropoff'
  | 'arrived_dropoff'
  | 'delivered'
  | 'failed'
  | 'cancelled'
  | 'returned';

export type Fulfilment = 'pickup' | 'delivery' | 'dine_in';

export interface Item {
  id: string;
  sku: string | null;
  name: string;
  quantity: number;
  notes: string | null;
  station: string | null;
  prep_s: number | null;
  status: ItemStatus;
}

export interface Place {
  name?: string | null;
  address: string | null;
  lat: number | null;
  lng: number | null;
}

export interface Eta {
  p50_at: string;
  p90_at: string;
  confidence: 'high' | 'medium' | 'low';
  basis: string;
  promised_at: string | null;
  updated_at: string;
}

export interface Order {
  id: string;
  number: string;
  external_ref: string | null;
  customer_id: string;
  status: OrderStatus;
  fulfilment: Fulfilment;
  scheduled_for: string | null;
  promised_at: string | null;
  placed_at: string;
  updated_at: string;
  finished_at: string | null;
  items: Item[];
  pickup: Place | null;
  dropoff: Place | null;
  eta: Eta | null;
  seq: number;
}

export interface TimelineEntry {
  status: OrderStatus;
  at: string;
  by: string;
}

export interface Driver {
  id: string;
  name: string | null;
  photo_url: string | null;
  vehicle: string | null;
  rating: number | null;
  phone?: string;
}

export interface DriverLocation {
  lat: number;
  lng: number;
  heading: number | null;
  speed_mps: number | null;
  at: string;
  stale?: boolean;
}

export interface Route {
  coordinates: [number, number][];
  distance_m: number;
  duration_s: number;
}

export interface Delivery {
  status: DeliveryStatus;
  imminent: boolean;
  driver: Driver | null;
  location: DriverLocation | null;
  route: Route | null;
}

export interface Tracking {
  order: Order;
  timeline: TimelineEntry[];
  progress: { step: number; of: number };
  eta: Eta | null;
  delivery: Delivery | null;
}

export interface SnapshotMessage {
  type: 'order.snapshot';
  order_id: string;
  seq: number;
  at: string;
  data: Tracking;
}

export interface Page<T> {
  data: T[];
  next_cursor: string | null;
}

export interface Notification {
  id: string;
  type: string;
  order_id: string;
  title: string;
  text: string;
  url: string;
  at: string;
  read_at: string | null;
}

export interface NotificationPage extends Page<Notification> {
  unread_count: number;
}

export type Medium = 'in_app' | 'push' | 'email' | 'sms';
export type Media = Partial<Record<Medium, boolean>>;

export interface QuietHours {
  from: string;
  to: string;
  timezone: string;
}

export interface Preferences {
  channels: Record<Medium, boolean>;
  events: Record<string, Media>;
  quiet_hours: QuietHours | null;
  locale: string | null;
  contact: { email: string | null; phone: string | null };
  version: number;
}

export interface Step<S> {
  from: S;
  to: S;
  recall?: boolean;
  reason_required?: boolean;
}

export interface OrderModel {
  statuses: { name: OrderStatus; final: boolean }[];
  transitions: Record<Fulfilment, Step<OrderStatus>[]>;
  item_transitions: Step<ItemStatus>[];
  notification_events: string[];
  notification_media: string[];
  progress: Record<Fulfilment, OrderStatus[]>;
}
