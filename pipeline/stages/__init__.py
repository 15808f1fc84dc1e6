"""One file a DVC stage, named after it: it reads, calls, writes, and says what came out."""

from pipeline.running import guard

guard.begin()
