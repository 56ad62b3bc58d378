// SPDX-License-Identifier: MIT
//
// chime - two soft notes, made here so that there is no file to load.

let context: AudioContext | null = null;

// Browsers want a tap before there may be sound; call it in one.
export function wakeChime(): void {
  if (typeof AudioContext === 'undefined') return;
  context ??= new AudioContext();
  void context.resume();
}

function note(at: number, frequency: number): void {
  if (!context) return;
  const tone = context.createOscillator();
  const volume = context.createGain();
  tone.type = 'sine';
  tone.frequency.value = frequency;
  volume.gain.setValueAtTime(0, at);
  volume.gain.linearRampToValueAtTime(0.3, at + 0.02);
  volume.gain.exponentialRampToValueAtTime(0.001, at + 0.7);
  tone.connect(volume).connect(context.destination);
  tone.start(at);
  tone.stop(at + 0.75);
}

export function chime(): void {
  if (!context || context.state !== 'running') return;
  note(context.currentTime, 660);
  note(context.currentTime + 0.22, 880);
}
