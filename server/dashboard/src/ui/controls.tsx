import type { ComponentChildren, JSX } from "preact";
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { go, isPlainClick } from "../lib/location.ts";
import { Icon, type IconName } from "./icons.tsx";

/** A link inside of the dashboard: no reload. */
export function Link({ href, children, ...rest }: JSX.AnchorHTMLAttributes & { href: string }) {
  return (
    <a
      {...rest}
      href={href}
      onClick={(event) => {
        if (isPlainClick(event)) {
          event.preventDefault();
          go(href);
        }
      }}
    >
      {children}
    </a>
  );
}

/** Choices of which one holds, as one control: arrow keys move, as in a group of radio buttons. */
export function Segmented<T extends string>({ label, options, value, onChange, onHint, small }: {
  label: string;
  options: readonly { id: T; label: string; icon?: IconName; hint?: string }[];
  value: T | null;
  onChange: (id: T) => void;
  onHint?: (id: T) => void;
  small?: boolean;
}) {
  const move = (event: KeyboardEvent, index: number) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      const next = options[(index + step + options.length) % options.length]!;
      onChange(next.id);
      const group = (event.currentTarget as HTMLElement).parentElement!;
      requestAnimationFrame(() => group.querySelector<HTMLElement>("[aria-checked=true]")?.focus());
    }
  };
  return (
    <div class={small ? "segmented small" : "segmented"} role="radiogroup" aria-label={label}>
      {options.map((option, index) => (
        <button
          key={option.id}
          type="button"
          role="radio"
          aria-checked={option.id === value}
          aria-label={option.icon ? option.label : undefined}
          title={option.hint ?? (option.icon ? option.label : undefined)}
          tabIndex={option.id === value || (value === null && index === 0) ? 0 : -1}
          onClick={() => onChange(option.id)}
          onPointerEnter={() => onHint?.(option.id)}
          onFocus={() => onHint?.(option.id)}
          onKeyDown={(event) => move(event, index)}
        >
          {option.icon ? <Icon name={option.icon} /> : option.label}
        </button>
      ))}
    </div>
  );
}

/** A button with a panel below; Escape and a press elsewhere close it, and focus comes back. */
export function Popover({ label, trigger, children, align = "start", className, isOpen, onOpen, disabled }: {
  label: string;
  trigger: ComponentChildren;
  children: (close: () => void) => ComponentChildren;
  align?: "start" | "end";
  className?: string;
  isOpen?: boolean;
  onOpen?: (open: boolean) => void;
  disabled?: boolean;
}) {
  const [own, setOwn] = useState(false);
  const open = isOpen ?? own;
  const root = useRef<HTMLDivElement>(null);
  const id = useId();
  const setOpen = (next: boolean) => {
    setOwn(next);
    onOpen?.(next);
  };
  const close = () => {
    setOpen(false);
    root.current?.querySelector<HTMLElement>(":scope > button")?.focus();
  };
  useEffect(() => {
    if (!open) {
      return;
    }
    const outside = (event: PointerEvent) => {
      if (!root.current?.contains(event.target as Node)) {
        setOpen(false);
      }
    };
    addEventListener("pointerdown", outside, true);
    return () => removeEventListener("pointerdown", outside, true);
  }, [open]);
  useLayoutEffect(() => {
    if (open) {
      const panel = root.current?.querySelector<HTMLElement>(".panel");
      if (panel) {
        // Beside the sidebar and inside of the window, wherever the button is.
        const { left, right } = panel.getBoundingClientRect();
        const least = (document.querySelector(".topbar")?.getBoundingClientRect().left ?? 0) + 8;
        const most = document.documentElement.clientWidth - 8;
        const isInPage = root.current!.closest(".page") !== null;
        const shift = isInPage && left < least ? least - left : right > most ? most - right : 0;
        panel.style.translate = shift === 0 || innerWidth < 640 ? "" : `${shift}px 0`;
      }
      (panel?.querySelector<HTMLElement>("[data-focus]") ?? panel?.querySelector<HTMLElement>("button, input, a"))?.focus({ preventScroll: true });
    }
  }, [open]);
  return (
    <div
      class={`popover ${className ?? ""}`}
      ref={root}
      onKeyDown={(event) => {
        if (event.key === "Escape" && open) {
          event.stopPropagation();
          close();
        }
      }}
    >
      <button type="button" class="button" aria-haspopup="dialog" aria-expanded={open} aria-controls={id} aria-label={label} disabled={disabled} onClick={() => setOpen(!open)}>
        {trigger}
      </button>
      {open && (
        <>
          <div class="backdrop" onClick={close} />
          <div class={`panel ${align}`} id={id} role="dialog" aria-label={label}>
            {children(close)}
          </div>
        </>
      )}
    </div>
  );
}

/** A list of commands or choices inside of a popover; arrow keys move. */
export function Menu({ children }: { children: ComponentChildren }) {
  const move = (event: KeyboardEvent) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") {
      return;
    }
    event.preventDefault();
    const items = [...(event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>("button, a")];
    const index = items.indexOf(document.activeElement as HTMLElement);
    items[(index + (event.key === "ArrowDown" ? 1 : -1) + items.length) % items.length]?.focus();
  };
  return (
    <div class="menu" onKeyDown={move}>
      {children}
    </div>
  );
}

export function MenuItem({ onClick, children, isChosen, hint, icon }: { onClick: () => void; children: ComponentChildren; isChosen?: boolean; hint?: ComponentChildren; icon?: IconName }) {
  return (
    <button type="button" class="item" aria-current={isChosen ? "true" : undefined} onClick={onClick}>
      {icon && <Icon name={icon} />}
      <span class="grow">{children}</span>
      {hint !== undefined && <span class="hint">{hint}</span>}
      {isChosen && <Icon name="check" />}
    </button>
  );
}

export function IconButton({ icon, label, onClick, pressed, expanded, className }: { icon: IconName; label: string; onClick: () => void; pressed?: boolean; expanded?: boolean; className?: string }) {
  return (
    <button type="button" class={`icon-button ${className ?? ""}`} aria-label={label} title={label} aria-pressed={pressed} aria-expanded={expanded} onClick={onClick}>
      <Icon name={icon} />
    </button>
  );
}

/** A short message that goes by itself. */
export function Tag({ children, kind, title }: { children: ComponentChildren; kind?: "plain" | "warn" | "accent"; title?: string }) {
  return (
    <span class={`tag ${kind ?? "plain"}`} title={title}>
      {children}
    </span>
  );
}
