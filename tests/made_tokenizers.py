"""Tokenizers as others make them: the five special tokens elsewhere, and under other names."""

import itertools
from pathlib import Path

import tokenizers
from tokenizers import Regex, decoders, models, pre_tokenizers, processors, trainers

from kerasbert import Tokenizer, TokenStore, prepare_store

BERT = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
LAYOUTS = {"first": (0, 1, 2, 3, 4), "last": (-5, -4, -3, -2, -1), "scattered": (9, 0, 14, 3, 11)}


def words_of(texts) -> list[str]:
    splitter = pre_tokenizers.Whitespace()
    return sorted({word for text in texts for word, _ in splitter.pre_tokenize_str(text)})


def word_level(texts, layout: str) -> tokenizers.Tokenizer:
    """The words in one order, with the special tokens at the places of the layout among them."""
    words = iter(words_of(texts))
    size = len(words_of(texts)) + len(BERT)
    places = {place % size: name for place, name in zip(LAYOUTS[layout], BERT, strict=True)}
    vocabulary = {places[i] if i in places else next(words): i for i in range(size)}
    tokenizer = tokenizers.Tokenizer(models.WordLevel(vocabulary, "[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.add_special_tokens(list(BERT))
    return tokenizer


def bert(texts) -> tokenizers.Tokenizer:
    """WordPiece with [PAD] 0, [UNK] 100, [CLS] 101, [SEP] 102, [MASK] 103, as Google's files."""
    names = ["[PAD]", *(f"[unused{i}]" for i in range(99)), *BERT[1:]]
    characters = sorted(set("".join(texts)) - {" "})
    pieces = [*characters, *(f"##{character}" for character in characters)]
    words = [word for word in words_of(texts) if len(word) > 1][::2]  # the others are in pieces
    vocabulary = {token: index for index, token in enumerate([*names, *pieces, *words])}
    tokenizer = tokenizers.Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 102), ("[CLS]", 101))
    tokenizer.add_special_tokens(list(BERT))
    return tokenizer


def roberta(texts) -> tokenizers.Tokenizer:
    """Byte-level BPE with <s> 0, <pad> 1, </s> 2, <unk> 3 and <mask> last."""
    tokenizer = tokenizers.Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=310,
        special_tokens=["<s>", "<pad>", "</s>", "<unk>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.add_special_tokens(["<mask>"])
    tokenizer.post_processor = processors.RobertaProcessing(
        ("</s>", 2), ("<s>", 0), add_prefix_space=False
    )
    return tokenizer


def quick_tour(texts) -> tokenizers.Tokenizer:
    """The first tokenizer of the library's own documentation: unknown 0, padding 3."""
    tokenizer = tokenizers.Tokenizer(models.BPE(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    names = ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"]
    trainer = trainers.BpeTrainer(vocab_size=60, special_tokens=names, show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    tokenizer.enable_padding(pad_id=3, pad_token="[PAD]")
    return tokenizer


def xlm_roberta(texts) -> tokenizers.Tokenizer:
    """Unigram pieces of SentencePiece with <s> 0, <pad> 1, </s> 2, <unk> 3 and <mask> last."""
    tokenizer = tokenizers.Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=60,
        special_tokens=["<s>", "<pad>", "</s>", "<unk>"],
        unk_token="<unk>",
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.add_special_tokens(["<mask>"])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return tokenizer


def end_of_word(texts) -> tokenizers.Tokenizer:
    """BPE of the old GPT's kind: the end of a word is marked, its beginning is not."""
    tokenizer = tokenizers.Tokenizer(models.BPE(unk_token="<unk>", end_of_word_suffix="</w>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"\s+|(?<=\w)(?=\W)"), "removed")
    names = ["</s>", "<unk>", "<s>", "<mask>", "<pad>"]
    trainer = trainers.BpeTrainer(
        vocab_size=60, special_tokens=names, end_of_word_suffix="</w>", show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


PUBLIC = {
    "bert": bert,
    "roberta": roberta,
    "quick-tour": quick_tour,
    "xlm-roberta": xlm_roberta,
    "end-of-word": end_of_word,
}


def true_words(tokenizer: tokenizers.Tokenizer, text: str) -> list[int]:
    """How many tokens each word of a text has, as the library counts words."""
    words = tokenizer.encode(text, add_special_tokens=False).word_ids
    return [len(list(group)) for _, group in itertools.groupby(words)]


def layout_stores(raw: Path, folder: Path) -> dict[str, TokenStore]:
    """A store of `raw` for each layout, in `folder`."""
    texts = raw.read_text(encoding="utf-8").split("\n")
    found = {}
    for layout in LAYOUTS:
        tokenizer = Tokenizer(word_level(texts, layout).to_str())
        prepare_store([raw], folder / layout, tokenizer=tokenizer)
        found[layout] = TokenStore.open(folder / layout)
    return found
