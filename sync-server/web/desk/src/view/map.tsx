// The districts of an order on a map, to touch. Keyboard and screen reader have the list beside it, which is the same choice.

import type { District, State } from "../contract.js";
import { type Form, isRefused, placesOf } from "../form.js";
import type { Shape, Sheet } from "../map.js";

type Look = "plain" | "doubted" | "none" | "unsafe";

const SIGNS: Record<Look, string> = { plain: "", doubted: "？", none: "無", unsafe: "危" };

/** In units of the sheet: letters of a name, and the height of a sign with the room below it. */
const [LARGEST, SMALLEST] = [21, 13];
const SIGN = 38;

function lookOf(district: District, hazard: string | null): Look {
  if (hazard === null) {
    return "plain";
  }
  if (isRefused(district, hazard)) {
    return "unsafe";
  }
  const { usable } = placesOf(district, hazard);
  return usable.length === 0 ? "none" : usable.some((place) => place.standing === "unknown") ? "doubted" : "plain";
}

interface Drawn {
  shape: Shape;
  district: District;
  look: Look;
  chosen: boolean;
}

export function DistrictMap({ sheet, state, form, toggle }: { sheet: Sheet; state: State; form: Form; toggle: (district: District) => void }) {
  const drawn = sheet.shapes.flatMap((shape): Drawn[] => {
    const district = state.districts.find((known) => known.name === shape.name);
    if (district === undefined) {
      return [];
    }
    const look = lookOf(district, form.hazard);
    return [{ shape, district, look, chosen: look !== "unsafe" && form.districts.has(district.name) }];
  });
  const elsewhere = state.districts.filter((district) => !sheet.shapes.some((shape) => shape.name === district.name));
  const press = ({ look, district }: Drawn) => look !== "unsafe" && toggle(district);
  return (
    <figure class="map">
      <svg viewBox={`0 0 ${sheet.width} ${sheet.height}`} aria-hidden="true">
        <Patterns />
        {/* Under all outlines: a small district is touched beside itself, but never another one in its place. */}
        {drawn.map((one) => (
          <circle key={one.shape.name} class="reach" cx={one.shape.middle.x} cy={one.shape.middle.y} r="40" onClick={() => press(one)} />
        ))}
        {drawn.map((one) => (
          <path key={one.shape.name} class={`area ${one.look} ${one.chosen ? "chosen" : ""}`} d={pathOf(one.shape)} data-district={one.shape.name} onClick={() => press(one)} />
        ))}
        {drawn.map((one) => (
          <Label key={one.shape.name} drawn={one} />
        ))}
        <text class="north" x={sheet.width - 12} y="26" text-anchor="end">
          北 ↑
        </text>
      </svg>
      <figcaption>
        <Legend />
        {elsewhere.length > 0 && <p>地図に ない 地区：{elsewhere.map((district) => district.name).join("・")}（下の 表で 選びます）</p>}
      </figcaption>
    </figure>
  );
}

function pathOf({ ring }: Shape): string {
  return `M${ring.map(({ x, y }) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}Z`;
}

/** The signs always, the name where there is room for it, the households below a name of full size; all around the middle. */
function Label({ drawn: { shape, district, look, chosen } }: { drawn: Drawn }) {
  const signs = `${chosen ? "✓" : ""}${SIGNS[look]}`;
  const letters = [...district.name];
  const size = Math.min(LARGEST, Math.floor(shape.width / (letters.length + 1)));
  const isNamed = size >= SMALLEST;
  const isRoomy = size === LARGEST && shape.width > 80;
  const { x, y } = shape.middle;
  const above = y - ((signs === "" ? 0 : SIGN) + (isNamed ? size + 3 : 0) + (isRoomy ? 20 : 0)) / 2;
  const named = above + (signs === "" ? 0 : SIGN);
  return (
    <g class={`label ${look}`} text-anchor="middle">
      {signs !== "" && (
        <>
          <rect class="plate-of-sign" x={x - 17 * signs.length} y={above} width={34 * signs.length} height={SIGN - 4} rx="6" />
          <text class="signs" x={x} y={above + 26}>
            {signs}
          </text>
        </>
      )}
      {isNamed && (
        <text x={x} y={named + size} font-size={size}>
          {district.name}
        </text>
      )}
      {isRoomy && (
        <text class="households" x={x} y={named + size + 21}>
          {district.households}世帯
        </text>
      )}
    </g>
  );
}

function Patterns() {
  return (
    <defs>
      <pattern id="unsafe-area" width="18" height="18" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <rect width="18" height="18" fill="#fff" />
        <rect width="6" height="18" fill="#9aa3a8" />
      </pattern>
      <pattern id="doubted-area" width="14" height="14" patternUnits="userSpaceOnUse">
        <rect width="14" height="14" fill="#fff" />
        <circle cx="7" cy="7" r="2" fill="#5f6d76" />
      </pattern>
      <pattern id="chosen-doubted-area" width="14" height="14" patternUnits="userSpaceOnUse">
        <rect width="14" height="14" fill="#bcd6f2" />
        <circle cx="7" cy="7" r="2" fill="#14212a" />
      </pattern>
    </defs>
  );
}

function Legend() {
  return (
    <ul class="legend">
      <li>
        <b class="key chosen">✓</b> 選んだ
      </li>
      <li>
        <b class="key doubted">？</b> 安全か 不明（理由が 必要）
      </li>
      <li>
        <b class="key none">無</b> 行き先の 登録なし
      </li>
      <li>
        <b class="key unsafe">危</b> 行き先が 危険（選べません）
      </li>
    </ul>
  );
}
