// SPDX-License-Identifier: MIT
//
// Line icons of our own, 24 by 24, drawn in the colour of the text.

const SHAPES = {
  check: 'M5 12.5l4.5 4.5L19 7.5',
  close: 'M6 6l12 12M18 6L6 18',
  bell: 'M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 1.5h-15zM10 20.5a2.2 2.2 0 0 0 4 0',
  receipt: 'M6 3.5h12v17l-3-2-3 2-3-2-3 2zM9.5 8h5M9.5 12h5',
  sliders: 'M4 7h9M17 7h3M4 17h3M11 17h9M15 4.5v5M9 14.5v5',
  phone:
    'M6.5 4h3l1.5 4-2 1.5a12 12 0 0 0 5.5 5.5l1.5-2 4 1.5v3a2 2 0 0 1-2.2 2A16 16 0 0 1 4.5 6.200A2 2 0 0 1 6.500 4z',
  share: 'M12 14V3.500M8 7l4-3.500L16 7M5 12v8h14v-8',
  bike: 'M6 20a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7zM18 20a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7zM6 16.500l4-7h5l3 7M10 9.500l3.500 7M14.500 6h2.500',
  pot: 'M5 10h14v7a3 3 0 0 1-3 3H8a3 3 0 0 1-3-3zM3 10h18M9 6.500c0-1.500 1-1.500 1-3M14 6.500c0-1.500 1-1.500 1-3',
  bag: 'M5.500 8h13l1 12.500h-15zM9 8V7a3 3 0 0 1 6 0v1',
  home: 'M4 11l8-7 8 7v9.500h-5.500V15h-5v5.500H4z',
  star: 'M12 4l2.400 5 5.600.7-4.100 3.800 1.100 5.500-5-2.800-5 2.800 1.100-5.500L4 9.700 9.600 9z',
  undo: 'M8 5L4 9l4 4M4 9h10a5.500 5.500 0 0 1 0 11h-4',
  sound:
    'M4 9.500v5h3.500L12 18.500v-13L7.500 9.500zM15.500 9a4 4 0 0 1 0 6M18 6.500a8 8 0 0 1 0 11',
  mute: 'M4 9.500v5h3.500L12 18.500v-13L7.500 9.500zM16 9.500l5 5M21 9.500l-5 5',
  expand: 'M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5',
  clock:
    'M12 20.500a8.500 8.500 0 1 0 0-17 8.500 8.500 0 0 0 0 17zM12 7.500V12l3 2',
  out: 'M10 4H5v16h5M14 8l4 4-4 4M18 12H9',
  more: 'M4.300 12a.7.7 0 1 0 1.400 0 .7.7 0 1 0-1.400 0M11.300 12a.7.7 0 1 0 1.400 0 .7.7 0 1 0-1.400 0M18.300 12a.7.7 0 1 0 1.400 0 .7.7 0 1 0-1.400 0',
  target:
    'M12 18a6 6 0 1 0 0-12 6 6 0 0 0 0 12zM12 2.500v4M12 17.500v4M2.500 12h4M17.500 12h4',
  trash: 'M5 7h14M10 7V4.500h4V7M7 7l1 13h8l1-13',
  sun: 'M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 3v2M12 19v2M3 12h2M19 12h2M5.600 5.600L7 7M17 17l1.400 1.400M5.600 18.400L7 17M17 7l1.400-1.400',
} as const;

export type IconName = keyof typeof SHAPES;

interface Props {
  name: IconName;
  size?: number;
}

export function Icon({ name, size = 20 }: Props) {
  return (
    <svg
      className="icon"
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.8"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={SHAPES[name]} />
    </svg>
  );
}
