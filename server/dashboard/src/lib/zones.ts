/** Minutes east of UTC that a zone is at an instant. */
export function offsetOf(zone: string, at: Date): number {
  const name = new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "longOffset" }).formatToParts(at).find((part) => part.type === "timeZoneName")?.value ?? "GMT";
  const match = /GMT([+-])(\d{2}):(\d{2})/.exec(name);
  return match ? (match[1] === "-" ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3])) : 0;
}

/** `UTC+2`, `UTC+5:45`, `UTC` */
export function offsetText(minutes: number): string {
  if (minutes === 0) {
    return "UTC";
  }
  const absolute = Math.abs(minutes);
  const rest = absolute % 60;
  return `UTC${minutes < 0 ? "\u2212" : "+"}${Math.floor(absolute / 60)}${rest ? `:${String(rest).padStart(2, "0")}` : ""}`;
}

export function ownZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

export function isZone(id: string): boolean {
  try {
    new Intl.DateTimeFormat("en-US", { timeZone: id });
    return /^[A-Za-z]/.test(id);
  } catch {
    return false;
  }
}

// Browsers list some zones by the names that cities had once; people look for the names of today. Servers know both.
const Renamed: Record<string, string> = {
  "America/Buenos_Aires": "America/Argentina/Buenos_Aires",
  "America/Godthab": "America/Nuuk",
  "Asia/Calcutta": "Asia/Kolkata",
  "Asia/Katmandu": "Asia/Kathmandu",
  "Asia/Rangoon": "Asia/Yangon",
  "Asia/Saigon": "Asia/Ho_Chi_Minh",
  "Atlantic/Faeroe": "Atlantic/Faroe",
  "Europe/Kiev": "Europe/Kyiv",
  "Pacific/Enderbury": "Pacific/Kanton",
};

let zones: { id: string; city: string; offset: number; words: string }[] | undefined;

/** Every zone of the browser's own list, west to east. */
export function allZones(at: Date): { id: string; city: string; offset: number; words: string }[] {
  return (zones ??= ["UTC", ...Intl.supportedValuesOf("timeZone").filter((id) => id !== "UTC")]
    .map((listed) => {
      const id = Renamed[listed] && isZone(Renamed[listed]) ? Renamed[listed] : listed;
      const offset = offsetOf(id, at);
      const city = id.slice(id.lastIndexOf("/") + 1).replaceAll("_", " ");
      return { id, city, offset, words: `${id.replaceAll("_", " ")} ${listed} ${offsetText(offset).replace("\u2212", "-")}`.toLowerCase() };
    })
    .sort((a, b) => a.offset - b.offset || (a.id < b.id ? -1 : 1)));
}
