"""The programs of the rasteriser, in OpenGL's shading language.

Light of a lamp: Lambert's cosine, softened by how far the lamp reaches around an edge, times the lamp's own beam, over
the squared distance (0.03 m2 keep it finite). Highlights: Blinn and Phong's with Schlick's Fresnel term at the 0.04 of
skin and cloth, from the first lamp only. Shadows: five taps of the depth map.
"""

from __future__ import annotations

from typing import Final

SAMPLES: Final = 4
"""Samples a pixel; the last shader counts them, too."""
MOST_LAMPS: Final = 4
"""Lengths of the lamps' arrays in the shader."""

VERTEX: Final = """
#version 330
uniform mat4 clip;
uniform mat4 lamp_clip;
in vec3 at;
in vec3 normal;
in vec2 uv;
out vec3 world;
out vec3 world_normal;
out vec2 place;
out vec4 in_lamp;
void main() {
    world = at;
    world_normal = normal;
    place = uv;
    in_lamp = lamp_clip * vec4(at + 0.008 * normal, 1.0);  // 8 mm out: no surface shades itself
    gl_Position = clip * vec4(at, 1.0);
}
"""

_CHANCE = """
uint scramble(uint n) { n ^= n >> 16; n *= 0x7feb352du; n ^= n >> 15; n *= 0x846ca68bu; return n ^ (n >> 16); }
float chance(uvec2 p, uint s) { return float(scramble(p.x + 4099u * p.y + 7919u * s) & 0xffffffu) / 16777216.0; }
"""

_FRAGMENT = """
#version 330
FEATURES
uniform sampler2D picture;
uniform sampler2DShadow shadow_map;
uniform vec3 colour;
uniform vec3 eye;
uniform float gloss;
uniform float roughness;
uniform float glow;
uniform int lamps;
uniform vec3 lamp_at[4];
uniform vec3 lamp_aim[4];
uniform vec3 lamp_light[4];
uniform float lamp_soft[4];
uniform float lamp_beam[4];
uniform vec3 from_above;
uniform vec3 from_below;
uniform vec3 from_front;
uniform float shadow_size;
uniform float shadow_bias;
uniform float exposure;
in vec3 world;
in vec3 world_normal;
in vec2 place;
in vec4 in_lamp;
out vec4 shown;
const vec2 TAPS[5] = vec2[](vec2(-.33, .87), vec2(.87, .33), vec2(.33, -.87), vec2(-.87, -.33), vec2(0.0));

float lit() {
    if (shadow_size <= 0.0 || in_lamp.w <= 0.0) return 1.0;
    vec3 p = in_lamp.xyz / in_lamp.w;
    if (any(greaterThan(abs(p), vec3(0.995)))) return 1.0;
    p = p * 0.5 + 0.5;
    float total = 0.0;
    for (int i = 0; i < 5; i++)
        total += texture(shadow_map, vec3(p.xy + TAPS[i] * shadow_size, p.z - shadow_bias));
    return total / 5.0;
}

void main() {
    vec4 base = texture(picture, place);
    DISCARD
    vec3 albedo = base.rgb * colour;
    vec3 n = normalize(world_normal);
    if (!gl_FrontFacing) n = -n;
#ifdef RICH
    vec3 to_eye = normalize(eye - world);
#endif
    vec3 around = mix(from_below, from_above, 0.5 + 0.5 * n.y) + from_front * max(0.0, 0.5 + 0.5 * n.z);
    vec3 total = albedo * around;
    for (int i = 0; i < lamps; i++) {
        vec3 away = lamp_at[i] - world;
        float far2 = dot(away, away);
        vec3 to_lamp = away * inversesqrt(far2);
        float facing = max(0.0, (dot(n, to_lamp) + lamp_soft[i]) / (1.0 + lamp_soft[i]));
        vec3 light = lamp_light[i] * facing * pow(max(0.0, -dot(to_lamp, lamp_aim[i])), lamp_beam[i]) / (far2 + 0.03);
#ifdef RICH
        if (i == 0) {
            light *= lit();
            vec3 half_way = normalize(to_lamp + to_eye);
            float power = 2.0 / (roughness * roughness * roughness * roughness) - 2.0;
            float shine = (power + 2.0) / 8.0 * pow(max(0.0, dot(n, half_way)), power);
            float left = 1.0 - max(0.0, dot(half_way, to_eye));
            float left2 = left * left;
            total += light * (gloss * shine * (0.04 + 0.96 * left2 * left2 * left));
        }
#endif
        total += light * albedo;
    }
    total = total * exposure + albedo * glow;
    vec3 c = clamp(total, 0.0, 1.0);
    vec3 root2 = sqrt(c), root4 = sqrt(root2), root8 = sqrt(root4);  // sRGB to half a grey level, without powers
    shown = vec4(0.662002687 * root2 + 0.684122060 * root4 - 0.323583601 * root8 - 0.0225411470 * c, ALPHA);
}
"""

_RICH = "#define RICH"
_SOLID, _CLEAR = 0.75, 0.02  # alphas from which hair is solid, and below which there is nothing: ours, by eye
# What is drawn, what of it is thrown away, and the alpha. "plain" is for walls: the processor runs both sides of a
# branch, so that without a program of their own they would cost as much as the rest.
PASSES: Final = {
    "opaque": (_RICH, "", "1.0"),
    "plain": ("", "", "1.0"),
    "solid": (_RICH, f"if (base.a < {_SOLID}) discard;", "1.0"),
    "veil": (_RICH, f"if (base.a >= {_SOLID} || base.a < {_CLEAR}) discard;", "base.a"),
    "sheet": (_RICH, f"if (base.a < {_CLEAR}) discard;", "base.a"),
}


def fragment(name: str) -> str:
    """Return the fragment shader of one of the passes."""
    features, discard, alpha = PASSES[name]
    return _FRAGMENT.replace("FEATURES", features).replace("DISCARD", discard).replace("ALPHA", alpha)


SHADOW_FRAGMENT: Final = """
#version 330
uniform sampler2D picture;
uniform bool cutout;
in vec2 place;
void main() { if (cutout && texture(picture, place).a < 0.4) discard; }
"""

SCREEN_VERTEX: Final = """
#version 330
in vec2 at;
void main() { gl_Position = vec4(at, 0.0, 1.0); }
"""

RESOLVE: Final = (
    """
#version 330
uniform sampler2DMS seen;
uniform float noise;
uniform float raggedness;
uniform uint seed;
out vec3 shown;
"""
    + _CHANCE
    + """
void main() {
    ivec2 p = ivec2(gl_FragCoord.xy);
    uvec2 q = uvec2(p);
    vec3 all[4];
    vec3 mean = vec3(0.0);
    for (int i = 0; i < 4; i++) { all[i] = texelFetch(seen, p, i).rgb; mean += 0.25 * all[i]; }
    vec3 one = all[int(chance(q, seed) * 4.0)];
    float grain = -1.5;  // three even chances for grey, one a colour: together 0.94 of `noise`
    for (uint i = 1u; i < 4u; i++) grain += chance(q, seed + i);
    vec3 coloured = vec3(chance(q, seed + 4u), chance(q, seed + 5u), chance(q, seed + 6u)) - 0.5;
    shown = mix(mean, one, raggedness) + noise * (1.6 * grain + 1.7 * coloured);
}
"""
)
