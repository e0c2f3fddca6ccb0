import io
import wave
from dataclasses import replace
from pathlib import Path

import pytest

from simulator.domain.outputs import Variant, declared_size
from simulator.media import probe, render
from tests.media.support import SOUND, decoded, original

FORMATS = ["mp3", "wav", "m4a"]
LENGTHS_MS = [1_000, 5_000, 12_345, 30_000, 40]


@pytest.mark.parametrize("extension", FORMATS)
@pytest.mark.parametrize("duration_ms", LENGTHS_MS)
def test_a_sound_lasts_as_long_as_asked(extension: str, duration_ms: int) -> None:
    found = decoded(original(replace(SOUND, format=extension, duration_ms=duration_ms)))
    assert found.duration_s == pytest.approx(duration_ms / 1000, abs=0.025)
    assert found.samples == pytest.approx(duration_ms * 48, abs=1152)


@pytest.mark.parametrize("extension", FORMATS)
@pytest.mark.parametrize("duration_ms", LENGTHS_MS)
def test_a_sound_is_as_long_as_was_declared(extension: str, duration_ms: int) -> None:
    output = replace(SOUND, format=extension, duration_ms=duration_ms)
    assert len(original(output)) == declared_size(output)


@pytest.mark.parametrize("extension", FORMATS)
def test_a_sound_is_quiet_but_not_silent(extension: str) -> None:
    assert 1_000 < decoded(original(replace(SOUND, format=extension))).loudest < 16_000


def test_a_wav_is_exact_to_the_sample() -> None:
    data = original(replace(SOUND, format="wav", duration_ms=12_345))
    with wave.open(io.BytesIO(data)) as sound:
        assert (sound.getnframes(), sound.getframerate()) == (12_345 * 48, 48_000)


@pytest.mark.parametrize("extension", FORMATS)
def test_another_seed_is_another_sound(extension: str) -> None:
    songs = {original(replace(SOUND, format=extension, seed=seed)) for seed in range(6)}
    assert len(songs) > 1


def test_a_sound_never_leaps_between_samples() -> None:
    data = original(replace(SOUND, format="wav", duration_ms=9_000))
    samples = memoryview(data)[44:].cast("h")
    leaps = (abs(samples[at + 1] - samples[at]) for at in range(len(samples) - 1))
    assert max(leaps) < 900


@pytest.mark.parametrize("variant", [Variant.THUMBNAIL, Variant.OPTIMIZED])
def test_a_sound_has_no_other_files(variant: Variant) -> None:
    with pytest.raises(ValueError, match=f"an audio file has no {variant.value}"):
        render(SOUND, variant, [])


def test_a_sound_of_another_format_is_refused() -> None:
    with pytest.raises(ValueError, match="no sound is made as 'ogg'"):
        original(replace(SOUND, format="ogg"))


@pytest.mark.parametrize("extension", FORMATS)
def test_our_own_sounds_are_measured_to_the_millisecond(extension: str, tmp_path: Path) -> None:
    path = tmp_path / f"sound.{extension}"
    path.write_bytes(original(replace(SOUND, format=extension, duration_ms=4_321)))
    assert probe(path, extension).duration_ms == 4_321
