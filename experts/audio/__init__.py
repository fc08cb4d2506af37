"""The audio experts that need nothing but what pip installs; speech synthesis needs the extra `speech`."""

from experts.audio.sound_facts import SoundFacts
from experts.audio.speech_recognition import SpeechRecognition
from experts.audio.speech_segments import SpeechSegments
from experts.audio.speech_synthesis import SpeechSynthesis

__all__ = ["SoundFacts", "SpeechRecognition", "SpeechSegments", "SpeechSynthesis"]
