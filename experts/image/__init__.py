"""The image experts that need nothing but what pip installs."""

from experts.image.barcodes import Barcodes
from experts.image.faces import Faces
from experts.image.picture_facts import PictureFacts
from experts.image.text_recognition import TextRecognition

__all__ = ["Barcodes", "Faces", "PictureFacts", "TextRecognition"]
