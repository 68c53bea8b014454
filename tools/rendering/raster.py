"""Draws triangle meshes through a pinhole camera with OpenGL on the processor (moderngl, EGL, no display).

What matters for landmarks is where contours and faces are and roughly how they are lit; so there is a z-buffer, sRGB
textures with mipmaps, Lambert light from soft lamps of which the first throws a shadow, a little gloss, light from
all around, and hair that is blended over its solid part. A pixel lies between the mean of four samples and one of
them at random, which gives the slightly ragged edges of a path tracer that was given few rays.
"""

from __future__ import annotations

import zlib
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

import moderngl
import numpy as np

from rendering import shaders
from rendering.rooms import Light, Room
from rendering.scene import Bytes, Camera, Colour, Floats, Mesh, smooth_normals
from rendering.textures import read_texture

SHADOW_PIXELS: Final = 1024
"""Sides of the shadow's map, which is 2.4 m wide at the person: 2.3 mm a pixel."""
SMALL_M: Final = 0.14
"""Cutouts that are nowhere larger are eyes, brows and lashes; hair is larger."""
MOSTLY_CLEAR: Final = 0.3
"""Small cutouts of which a larger share can be seen through are brows and lashes; eyes have a clear cornea only."""
OPAQUE_ALPHA: Final = 250
"""From here on nothing is seen through, of 255."""
EYES_SHADE: Final = 0.6
"""How much light the lids leave the eyes, which throw no shadow here; by eye beside the shared pictures."""
TEXTURES_KEPT: Final = 96
"""Enough for the people of one sex and more: one picture has seven at most."""
_SRGB8_ALPHA8: Final = 0x8C43  # OpenGL's name of the format


def _linear(colour: Colour) -> tuple[float, ...]:
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
                vertex_shader=shaders.VERTEX,
                fragment_shader=shaders.fragment(name),
            )
            for name in shaders.PASSES
        }
        self._shadow_program = context.program(
            vertex_shader=shaders.VERTEX, fragment_shader=shaders.SHADOW_FRAGMENT
        )
        self._resolve = context.program(vertex_shader=shaders.SCREEN_VERTEX, fragment_shader=shaders.RESOLVE)
        self._seen = context.texture((width, height), 4, samples=shaders.SAMPLES)
        self._target = context.framebuffer(
            [self._seen], context.depth_renderbuffer((width, height), samples=shaders.SAMPLES)
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
        at, aim, power, soft, beam = (np.zeros((shaders.MOST_LAMPS, n), np.float32) for n in (3, 3, 3, 1, 1))
        for i, lamp in enumerate(light.lamps[: shaders.MOST_LAMPS]):
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
        eyes = "veil" in each.arrays and "shadow" not in each.arrays
        shade = EYES_SHADE if eyes else 1.0
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
            normals = smooth_normals(points, mesh.faces)
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
            return ("sheet",) if see_through > MOSTLY_CLEAR else ("solid", "veil")
        return ("solid", "veil", "shadow")

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
        self._textures[key] = (self._upload(rgba), float((rgba[..., 3] < OPAQUE_ALPHA).mean()), source)
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
