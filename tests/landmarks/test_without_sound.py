"""MediaPipe's import opens no sound device and runs no program, and hides nothing from anyone afterwards."""

from __future__ import annotations

import subprocess
import sys

_PROGRAM = """
import sys
heard = []
sys.addaudithook(lambda event, given: heard.append((event, given)))
{}
from mediapipe.tasks.python.audio.core import audio_record
started = [given[0] for event, given in heard if event in ("subprocess.Popen", "os.system", "os.posix_spawn")]
print(audio_record.sd is None, "sounddevice" in sys.modules, started)
"""


def _seen(imports: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM.format(imports)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_no_recorder_of_sound_is_looked_for() -> None:
    assert _seen("import posture_cv.landmarks.mediapipe_tasks") == "True False []"


def test_one_that_is_in_use_already_stays() -> None:
    own = "import types; sys.modules['sounddevice'] = types.ModuleType('sounddevice')"
    assert _seen(f"{own}\nimport posture_cv.landmarks.mediapipe_tasks") == "False True []"
