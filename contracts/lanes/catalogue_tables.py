"""The page's tables, by the beginning of a model's id, as far as get_models repeats them."""

from collections.abc import Mapping

PROMPT_MOST: Mapping[str, int] = {
    "wan-2-5": 800,
    "kling-2-6-text-to-video": 2_500,
    "kling-2-6-image-to-video": 2_500,
    "seedance-2": 2_500,
    "kling-3-0-std": 2_500,
    "kling-3-0-pro": 2_500,
    "kling-2-5-image-to-video-pro": 2_500,
    "seedream-v4": 2_500,
    "seedream-v4-5": 3_000,
    "5-lite-text-to-image": 2_995,
    "5-lite-image-to-image": 2_995,
    "gpt-1.5-image-medium": 3_000,
    "gpt-1.5-image-high": 3_000,
    "nano-banana": 5_000,
    "imagen-4": 5_000,
    "sora-2": 5_000,
    "flux-2": 5_000,
    "veo3-1": 5_000,
    "v1-pro-fast-i2v": 5_000,
    "grok": 5_000,
    "p-image-edit": 5_000,
    "nano-banana-pro": 20_000,
    "nano-banana-2": 20_000,
}
"""The longest beginning that fits counts."""

DURATIONS_S: Mapping[str, tuple[int, ...]] = {
    "kling-2-6-text-to-video": (5, 10),
    "kling-2-6-image-to-video": (5, 10),
    "wan-2-5": (5, 10),
    "v1-pro-fast-i2v": (5, 10),
    "seedance-1-5-pro": (4, 8, 12),
    "seedance-2-480p": tuple(range(4, 16)),
    "seedance-2-fast-480p": tuple(range(4, 16)),
    "sora-2": (10, 15),
    "sora-2-pro": (10, 15),
    "sora-2-pro-storyboard": (10, 15, 25),
    "kling-3-0-std": tuple(range(3, 16)),
    "kling-3-0-pro": tuple(range(3, 16)),
}

IMAGES_MOST: Mapping[str, int] = {
    "kling-2-6-image-to-video": 1,
    "grok-image-to-video": 1,
    "v1-pro-fast-i2v": 1,
    "kling-2-5-image-to-video-pro": 2,
    "seedance-1-5-pro": 2,
    "seedance-2-480p": 9,
    "kling-3-0-std": 2,
    "kling-3-0-pro": 2,
    "kling-2-6-motion-control-720p": 1,
    "kling-3-0-motion-control-720p": 1,
    "seedream-v4-edit": 10,
    "5-lite-text-to-image": 10,
    "5-lite-image-to-image": 10,
    "nano-banana-edit": 10,
    "nano-banana-pro": 8,
    "nano-banana-2": 8,
    "p-image-edit": 8,
    "flux-2-edit": 8,
    "gpt-1.5-image-medium": 16,
    "sora-2-pro-storyboard": 1,
}

TIER_PRICES: Mapping[str, tuple[int, ...]] = {
    "gpt-image-2": (11, 15, 21),
    "nano-banana-2": (14, 17, 25),
    "nano-banana-pro": (31, 41),
    "flux-2": (10, 13),
}

NAMES: Mapping[str, str] = {
    "seedance-2-1080p": "Seedance 2 (1080p)",
    "seedance-2-1080p-video-ref": "Seedance 2 (1080p, video ref)",
    "seedance-2-480p": "Seedance 2 (480p)",
    "seedance-2-480p-video-ref": "Seedance 2 (480p, video ref)",
    "seedance-2-720p": "Seedance 2 (720p)",
    "seedance-2-720p-video-ref": "Seedance 2 (720p, video ref)",
    "seedance-2-fast-480p": "Seedance 2.0 Fast",
    "seedance-2-fast-480p-video-ref": "Seedance 2.0 Fast (video ref)",
    "seedance-2-fast-720p": "Seedance 2.0 Fast",
    "seedance-2-fast-720p-video-ref": "Seedance 2.0 Fast (video ref)",
    "kling-3-0-pro": "Kling 3.0 Pro",
    "kling-3-0-std": "Kling 3.0",
}

VIDEO_AUDIO: Mapping[str, str] = {
    "veo3-1": "included",
    "sora-2": "included",
    "wan-2-5": "included",
    "grok": "included",
    "kling-2-5": "included",
    "kling-2-6-motion-control": "included",
    "kling-3-0-motion-control": "included",
    "kling-2-6-text-to-video": "toggle_via_sound_param",
    "kling-2-6-image-to-video": "toggle_via_sound_param",
    "kling-3-0-std": "toggle_via_sound_param",
    "kling-3-0-pro": "toggle_via_sound_param",
    "seedance-1-5-pro": "toggle_via_sound_param",
    "v1-pro-fast-i2v": "silent",
}

SOUND_SWITCHES = (
    "kling-2-6-text-to-video",
    "kling-2-6-image-to-video",
    "kling-3-0-std",
    "kling-3-0-pro",
    "seedance-1-5-pro",
)
