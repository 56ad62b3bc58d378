// SPDX-License-Identifier: MIT

interface Props {
  label: string;
  // The label is there for the eye already.
  isLabelHidden?: boolean;
  isOn: boolean;
  isDisabled?: boolean;
  onChange(isOn: boolean): void;
}

export function Switch(props: Props) {
  const { label, isLabelHidden, isOn, isDisabled, onChange } = props;
  return (
    <label className="switch" data-alone={isLabelHidden || undefined}>
      <span className={isLabelHidden ? 'visually-hidden' : 'switch-label'}>
        {label}
      </span>
      <input
        type="checkbox"
        role="switch"
        checked={isOn}
        disabled={isDisabled}
        onChange={(e) => onChange(e.target.checked)}
      />
      <span className="switch-track" aria-hidden="true" />
    </label>
  );
}
