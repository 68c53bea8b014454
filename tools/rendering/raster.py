"""Draws triangle meshes through a pinhole camera with OpenGL on the processor (moderngl, EGL, no display).

What matters for landmarks is where contours and faces are and roughly how they are lit; so there is a z-buffer, sRGB
textures with mipmaps, Lambert light from soft lamps of which the first throws a shadow, a little gloss, light from
all around, and hair whose alpha lets pixels through at random. A pixel takes one of four samples at random, which
gives the slightly ragged edges of a path tracer that was given few rays.
"""

from __future__ import annotations

import zlib
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

import cv2
import moderngl
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from rendering.rooms import Light, Room

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]

SAMPLES = 4
NEAR_M, FAR_M = 0.05, 30.0
SHADOW_PIXELS = 1024
SMALL_M = 0.14
EYES_SHADE = 0.6
TEXTURES_KEPT = 96
SEAMS_KEPT = 64
TEXTURE_LARGEST = 2048
MOST_LAMPS = 4
_SRGB8_ALPHA8 = 0x8C43


@dataclass(frozen=True)
class Mesh:
    """Triangles with one material."""

    points: Floats  # (V, 3) world, metres
    faces: NDArray[np.int32]  # (F, 3)
    uv: Floats | None = None  # (V, 2), v upwards
    texture: Path | Bytes | None = None  # a file, or (H, W, 3 or 4) RGB(A), row 0 at v = 1
    colour: tuple[float, float, float] = (1.0, 1.0, 1.0)  # sRGB 0..1, multiplied with the texture
    cutout: bool = False  # the texture's alpha lets through: hair, lashes, brows
    normals: Floats | None = None  # (V, 3); smooth ones are computed where absent
    gloss: float = 0.15  # strength of the highlight
    roughness: float = 0.55  # its width
    glow: float = 0.0  # own light, in units of the colour: panes of a window
    shadow: bool = True  # throws and takes shadows; walls do neither, as under wide lamps


@dataclass(frozen=True)
class Camera:
    """A pinhole: X_cam = R X + t (x right, y down, z forward), u = fx X/Z + cx, v = fy Y/Z + cy.

    Pixel centres lie at halves, so that cx = width / 2 is the middle.
    """

    rotation: NDArray[np.float64]  # (3, 3)
    translation: NDArray[np.float64]  # (3,) m
    fx: float
    fy: float
    cx: float
    cy: float
    width: int = 640
    height: int = 480

    def project(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the pixels (N, 2) of world points (N, 3)."""
        seen = points @ self.rotation.T + self.translation
        return np.stack(
            [self.fx * seen[:, 0] / seen[:, 2] + self.cx, self.fy * seen[:, 1] / seen[:, 2] + self.cy], axis=1
        )

    @property
    def centre(self) -> NDArray[np.float64]:
        """Where the camera stands (3,), world metres."""
        return np.asarray(-self.rotation.T @ self.translation)

    def clip_matrix(self) -> Floats:
        """Return the (4, 4) matrix to clip space, with row 0 of the picture at the bottom, as it is read back."""
        w, h = self.width, self.height
        depth = (FAR_M + NEAR_M) / (FAR_M - NEAR_M)
        lens = np.array(
            [
                [2 * self.fx / w, 0, 2 * self.cx / w - 1, 0],
                [0, 2 * self.fy / h, 2 * self.cy / h - 1, 0],
                [0, 0, depth, -2 * FAR_M * NEAR_M / (FAR_M - NEAR_M)],
                [0, 0, 1, 0],
            ]
        )
        return np.asarray(lens @ rigid(self.rotation, self.translation), np.float32)


def rigid(rotation: NDArray[np.float64], translation: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the (4, 4) matrix of a rotation and a translation."""
    pose = np.eye(4)
    pose[:3, :3] = rotation
    pose[:3, 3] = translation
    return pose


def smooth_normals(points: Floats, faces: NDArray[np.int32], same: NDArray[np.int64] | None = None) -> Floats:
    """Return unit normals (V, 3), the faces' weighted with their areas; `same` as of `seams` smooths over these."""
    a, b, c = (points[faces[:, i]] for i in range(3))
    flat = np.repeat(np.cross(b - a, c - a), 3, axis=0)
    corners = faces.ravel()
    own = np.stack([np.bincount(corners, flat[:, i], minlength=len(points)) for i in range(3)], axis=1)
    if same is not None:
        joint = np.stack([np.bincount(same, own[:, i]) for i in range(3)], axis=1)[same]
        # two sides of one sheet lie in the same place, too, and look opposite ways
        both = np.linalg.norm(joint, axis=1) * np.linalg.norm(own, axis=1)
        alike = np.einsum("vd,vd->v", joint, own) > 0.3 * both
        own[alike] = joint[alike]
    length = np.linalg.norm(own, axis=1, keepdims=True)
    return np.asarray(own / np.maximum(length, 1e-12), np.float32)


def seams(points: Floats) -> NDArray[np.int64]:
    """Return a number (V,) for each place; vertices doubled for the texture's sake share theirs."""
    rows = np.ascontiguousarray(points).view([("", points.dtype)] * 3).ravel()
    return np.asarray(np.unique(rows, return_inverse=True)[1], np.int64)


_VERTEX = """
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
    in_lamp = lamp_clip * vec4(at + 0.008 * normal, 1.0);
    gl_Position = clip * vec4(at, 1.0);
}
"""

_HASH = """
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
# What is drawn, what of it is thrown away, and the alpha. "plain" is for walls: the processor runs both sides of a
# branch, so that without a program of their own they would cost as much as the rest.
_PASSES = {
    "opaque": (_RICH, "", "1.0"),
    "plain": ("", "", "1.0"),
    "solid": (_RICH, "if (base.a < 0.75) discard;", "1.0"),
    "veil": (_RICH, "if (base.a >= 0.75 || base.a < 0.02) discard;", "base.a"),
    "sheet": (_RICH, "if (base.a < 0.02) discard;", "base.a"),
}

_SHADOW_FRAGMENT = """
#version 330
uniform sampler2D picture;
uniform bool cutout;
in vec2 place;
void main() { if (cutout && texture(picture, place).a < 0.4) discard; }
"""

_SCREEN_VERTEX = """
#version 330
in vec2 at;
void main() { gl_Position = vec4(at, 0.0, 1.0); }
"""

_RESOLVE = (
    """
#version 330
uniform sampler2DMS seen;
uniform float noise;
uniform float raggedness;
uniform uint seed;
out vec3 shown;
"""
    + _HASH
    + """
void main() {
    ivec2 p = ivec2(gl_FragCoord.xy);
    uvec2 q = uvec2(p);
    vec3 all[4];
    vec3 mean = vec3(0.0);
    for (int i = 0; i < 4; i++) { all[i] = texelFetch(seen, p, i).rgb; mean += 0.25 * all[i]; }
    vec3 one = all[int(chance(q, seed) * 4.0)];
    float grain = -1.5;
    for (uint i = 1u; i < 4u; i++) grain += chance(q, seed + i);
    vec3 coloured = vec3(chance(q, seed + 4u), chance(q, seed + 5u), chance(q, seed + 6u)) - 0.5;
    shown = mix(mean, one, raggedness) + noise * (1.6 * grain + 1.7 * coloured);
}
"""
)


def read_texture(file: Path) -> Bytes:
    """Return the picture of a file, (H, W, 4) RGBA, with the colour of hair spread under what is transparent."""
    found = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
    if found is None:
        raise FileNotFoundError(f"no picture in {file}")
    if found.dtype != np.uint8:
        found = (found / 257).astype(np.uint8)
    if found.ndim == 2:
        found = cv2.cvtColor(found, cv2.COLOR_GRAY2BGR)
    has_alpha = found.shape[2] == 4
    largest = max(found.shape[:2])
    if largest > TEXTURE_LARGEST:
        scale = TEXTURE_LARGEST / largest
        found = cv2.resize(found, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    rgba = cv2.cvtColor(found, cv2.COLOR_BGRA2RGBA if has_alpha else cv2.COLOR_BGR2RGBA)
    return _spread(np.asarray(rgba, np.uint8)) if has_alpha else np.asarray(rgba, np.uint8)


def _spread(rgba: Bytes) -> Bytes:
    """Fill what is transparent with the colour next to it: mipmaps would else mix in the black beneath."""
    alpha = rgba[..., 3:].astype(np.float32) / 255
    if alpha.min() > 0.99 or alpha.max() < 0.01:
        return rgba
    weighted = rgba[..., :3].astype(np.float32) * alpha
    near = cv2.GaussianBlur(weighted, (0, 0), 6)
    weight = cv2.GaussianBlur(alpha, (0, 0), 6)[..., None]
    mean = weighted.sum((0, 1)) / alpha.sum()
    around = (near + 1e-3 * mean) / (weight + 1e-3)
    filled = alpha * rgba[..., :3] + (1 - alpha) * around
    return np.dstack([np.clip(filled, 0, 255).astype(np.uint8), rgba[..., 3]])


def _linear(colour: tuple[float, float, float]) -> tuple[float, ...]:
    """Return an sRGB colour as linear light."""
    c = np.asarray(colour, float)
    return tuple(np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4).tolist())


@dataclass
class _Loaded:
    """One mesh on its way through the passes."""

    mesh: Mesh
    texture: moderngl.Texture
    buffers: list[moderngl.Buffer] = field(default_factory=list)
    arrays: dict[str, moderngl.VertexArray] = field(default_factory=dict)

    def release(self) -> None:
        for array in self.arrays.values():
            array.release()
        for buffer in self.buffers:
            buffer.release()


class Rasteriser:
    """Pictures of one size; holds an OpenGL context until closed."""

    def __init__(self, width: int = 640, height: int = 480) -> None:
        self.width, self.height = width, height
        context = moderngl.create_context(require=330, standalone=True, backend="egl")  # type: ignore[arg-type]  # its annotation is wrong
        self._context = context
        self._programs = {
            name: context.program(
                vertex_shader=_VERTEX,
                fragment_shader=_FRAGMENT.replace("FEATURES", features)
                .replace("DISCARD", discard)
                .replace("ALPHA", alpha),
            )
            for name, (features, discard, alpha) in _PASSES.items()
        }
        self._shadow_program = context.program(vertex_shader=_VERTEX, fragment_shader=_SHADOW_FRAGMENT)
        self._resolve = context.program(vertex_shader=_SCREEN_VERTEX, fragment_shader=_RESOLVE)
        self._seen = context.texture((width, height), 4, samples=SAMPLES)
        self._target = context.framebuffer(
            [self._seen], context.depth_renderbuffer((width, height), samples=SAMPLES)
        )
        self._shown = context.framebuffer([context.texture((width, height), 3)])
        self._shadow_map = context.depth_texture((SHADOW_PIXELS, SHADOW_PIXELS))
        self._shadow_map.compare_func = "<="
        self._shadow_map.filter = (moderngl.LINEAR, moderngl.LINEAR)
        self._shadow_map.repeat_x = self._shadow_map.repeat_y = False
        self._shadow_target = context.framebuffer(depth_attachment=self._shadow_map)
        corners = np.array([[-1, -1], [3, -1], [-1, 3]], np.float32)
        self._screen = context.vertex_array(self._resolve, [(context.buffer(corners.tobytes()), "2f", "at")])
        self._blank = self._upload(np.full((1, 1, 4), 255, np.uint8))
        self._seams: OrderedDict[int, tuple[NDArray[np.int32], NDArray[np.int64]]] = OrderedDict()
        self._textures: OrderedDict[object, tuple[moderngl.Texture, float, object]] = OrderedDict()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the context back."""
        self._textures.clear()
        self._context.release()

    def render(self, meshes: list[Mesh], camera: Camera, room: Room, light: Light) -> Bytes:
        """Return the picture (H, W, 3) BGR of the meshes in a room."""
        if (camera.width, camera.height) != (self.width, self.height):
            raise ValueError("the camera's size is not the rasteriser's")
        loaded = [self._load(mesh) for mesh in (*meshes, *room.meshes)]  # what is in front first
        lamp_clip = light.shadow_clip()
        self._context.enable(moderngl.DEPTH_TEST)
        self._context.front_face = "cw"  # the picture is drawn upside down
        self._draw_shadow(loaded, lamp_clip)
        self._draw(loaded, camera, light, lamp_clip)
        self._context.disable(moderngl.DEPTH_TEST)
        self._shown.use()
        self._seen.use(0)
        self._set(self._resolve, seen=0, noise=light.noise_std / 255, raggedness=light.raggedness)
        # no two pictures share their noise, and the same picture always has the same
        about = [camera.clip_matrix(), *(mesh.points for mesh in meshes[:1])]
        self._set(self._resolve, seed=zlib.crc32(b"".join(np.asarray(each).tobytes() for each in about)) // 2)
        self._screen.render(moderngl.TRIANGLES)
        for each in loaded:
            each.release()
        rgb = np.frombuffer(self._shown.read(components=3, alignment=1), np.uint8)
        return np.ascontiguousarray(rgb.reshape(self.height, self.width, 3)[..., ::-1])

    def _draw_shadow(self, loaded: list[_Loaded], lamp_clip: Floats) -> None:
        """Fill the depth map seen from the first lamp."""
        self._shadow_target.use()
        self._shadow_target.clear(depth=1.0)
        self._set(self._shadow_program, clip=lamp_clip, picture=0)
        for each in loaded:
            if "shadow" in each.arrays:
                each.texture.use(0)
                self._set(self._shadow_program, cutout="solid" in each.arrays)
                each.arrays["shadow"].render(moderngl.TRIANGLES)

    def _draw(self, loaded: list[_Loaded], camera: Camera, light: Light, lamp_clip: Floats) -> None:
        """Draw everything into the target with several samples a pixel."""
        self._target.use()
        self._target.clear(0.0, 0.0, 0.0, 1.0)
        at, aim, power, soft, beam = (np.zeros((MOST_LAMPS, n), np.float32) for n in (3, 3, 3, 1, 1))
        for i, lamp in enumerate(light.lamps[:MOST_LAMPS]):
            at[i], aim[i], power[i] = lamp.at_m, lamp.aim, lamp.power
            soft[i], beam[i] = lamp.softness, lamp.beam
        for program in self._programs.values():
            self._set(program, clip=camera.clip_matrix(), lamp_clip=lamp_clip, picture=0, shadow_map=1)
            self._set(program, eye=camera.centre, exposure=light.exposure, shadow_size=light.shadow_size)
            self._set(
                program, lamps=len(light.lamps), lamp_at=at, lamp_aim=aim, lamp_light=power, lamp_soft=soft
            )
            self._set(program, lamp_beam=beam)
            self._set(program, from_above=light.from_above, from_below=light.from_below)
            self._set(program, from_front=light.from_front, shadow_bias=light.shadow_bias)
        self._shadow_map.use(1)
        for name in ("opaque", "plain", "solid"):
            for each in loaded:
                if name in each.arrays:
                    self._draw_one(each, name)
        # what is half transparent comes last, over the solid part of the same hair
        self._target.depth_mask = False
        self._context.enable(moderngl.BLEND)
        for name in ("sheet", "veil"):
            for each in loaded:
                if name in each.arrays:
                    self._draw_one(each, name)
        self._context.disable(moderngl.BLEND)
        self._target.depth_mask = True

    def _draw_one(self, each: _Loaded, name: str) -> None:
        """Draw one mesh with its material in one of the passes."""
        mesh = each.mesh
        each.texture.use(0)
        program = self._programs[name]
        in_shade = (
            "veil" in each.arrays and "shadow" not in each.arrays
        )  # eyes, between lids that throw no shadow here
        shade = EYES_SHADE if in_shade else 1.0
        self._set(program, colour=tuple(shade * c for c in _linear(mesh.colour)))
        self._set(program, gloss=mesh.gloss, roughness=mesh.roughness, glow=mesh.glow)
        each.arrays[name].render(moderngl.TRIANGLES)

    @staticmethod
    def _set(program: moderngl.Program, **values: object) -> None:
        """Set uniforms; what the compiler left out is passed over."""
        for name, value in values.items():
            uniform = program.get(name, None)
            if not isinstance(uniform, moderngl.Uniform):
                continue
            if isinstance(value, np.ndarray):
                columns = value.T if value.shape == (4, 4) else value
                uniform.write(np.ascontiguousarray(columns, np.float32).tobytes())
            else:
                uniform.value = value

    def _load(self, mesh: Mesh) -> _Loaded:
        """Bring a mesh to the context."""
        points = np.asarray(mesh.points, np.float32)
        normals = mesh.normals
        if normals is None:
            normals = smooth_normals(points, mesh.faces, self._same(mesh.faces, points))
        uv = np.zeros((len(points), 2), np.float32) if mesh.uv is None else mesh.uv
        together = np.concatenate([points, normals, uv], axis=1).astype(np.float32)
        texture, see_through = self._texture(mesh.texture if mesh.uv is not None else None)
        loaded = _Loaded(mesh, texture)
        corners = self._context.buffer(together.tobytes())
        order = self._context.buffer(np.ascontiguousarray(mesh.faces, np.int32).tobytes())
        loaded.buffers += [corners, order]
        for name in self._passes(mesh, points, see_through=see_through):
            thrown = name == "shadow"
            program = self._shadow_program if thrown else self._programs[name]
            layout = ("3f 12x 2f", "at", "uv") if thrown else ("3f 3f 2f", "at", "normal", "uv")
            loaded.arrays[name] = self._context.vertex_array(program, [(corners, *layout)], order)
        return loaded

    @staticmethod
    def _passes(mesh: Mesh, points: Floats, *, see_through: float) -> tuple[str, ...]:
        """Return in which passes a mesh is drawn."""
        if not mesh.shadow:
            return ("plain",)
        if not mesh.cutout or see_through < 1e-3:
            return ("opaque", "shadow")
        if float(np.ptp(points, axis=0).max()) < SMALL_M:
            # brows and lashes are one layer; an eye is round, and its front must hide its back
            return ("sheet",) if see_through > 0.3 else ("solid", "veil")
        return ("solid", "veil", "shadow")

    def _same(self, faces: NDArray[np.int32], points: Floats) -> NDArray[np.int64]:
        """Return the seams of a mesh; they are found once for one array of faces, as a person moves."""
        known = self._seams.get(id(faces))
        if known is None or len(known[1]) != len(points):
            known = self._seams[id(faces)] = (faces, seams(points))  # an array kept alive keeps its id
            while len(self._seams) > SEAMS_KEPT:
                self._seams.popitem(last=False)
        return known[1]

    def _texture(self, source: Path | Bytes | None) -> tuple[moderngl.Texture, float]:
        """Return a texture and how much of it one can see through; the latest are kept."""
        if source is None:
            return self._blank, 0.0
        key: object = source if isinstance(source, Path) else id(source)
        if key in self._textures:
            self._textures.move_to_end(key)
            return self._textures[key][:2]
        if isinstance(source, Path):
            rgba = read_texture(source)
        else:
            rgba = source if source.shape[2] == 4 else np.dstack([source, np.full_like(source[..., 0], 255)])
        # an array kept alive keeps its id
        self._textures[key] = (self._upload(rgba), float((rgba[..., 3] < 250).mean()), source)
        while len(self._textures) > TEXTURES_KEPT:
            self._textures.popitem(last=False)[1][0].release()
        return self._textures[key][:2]

    def _upload(self, rgba: Bytes) -> moderngl.Texture:
        """Make a texture of (H, W, 4) sRGB bytes, with mipmaps; v = 1 is the picture's top."""
        height, width = rgba.shape[:2]
        flipped = np.ascontiguousarray(rgba[::-1])
        texture = self._context.texture((width, height), 4, flipped.tobytes(), internal_format=_SRGB8_ALPHA8)
        texture.build_mipmaps()
        texture.filter = (moderngl.LINEAR_MIPMAP_LINEAR, moderngl.LINEAR)
        return texture
