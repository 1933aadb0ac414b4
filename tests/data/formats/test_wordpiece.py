"""Vocabularies made by hand."""

from __future__ import annotations

from escaping_minima.data.formats.wordpiece import decode, decode_tokens


def test_tokens(complain):
    assert decode_tokens(b"[PAD]\n[UNK]\n##s\n", "f") == ("[PAD]", "[UNK]", "##s")
    assert complain(decode_tokens, b"[UNK]\na\nb\na\n", "f") == (
        "f: has the token 'a' in line 2 and line 4"
    )
    assert complain(decode_tokens, b"a\nb\n", "f") == (
        "f: has no token [UNK]: not a WordPiece vocabulary"
    )


def test_a_vocabulary_is_decoded_and_its_file_named(complain):
    assert decode({"vocab.txt": b"[UNK]\na"}, (), "here").tokens == ("[UNK]", "a")
    assert complain(decode, {"vocab.txt": b""}, (), "here") == "here: vocab.txt: empty"
