"""What The Things Stack takes for an e-mail address: operator and simulator, which share no code, must agree."""

TAKEN = (
    "ann@acme.example",
    "a.b+c_d-e@sub.acme.example",
    "o'neil@acme.example",
    "jörg@acme.example",
    "ann@localhost",
    "A@B.C",
    f"{'l' * 64}@acme.example",
    f"ann@{'h' * 63}.example",
)
REFUSED = (
    "",
    "ann",
    "@acme.example",
    "ann@",
    "ann @acme.example",
    "ann@acme.example ",
    "ann@acme.example\n",
    "ann@acme@example",
    "ann@acme..example",
    "ann@acme.example.",
    "ann@.example",
    "ann@-acme.example",
    "ann@acme-.example",
    "ann@acme_iot.example",
    "ann@acmé.example",
    "ann..owner@acme.example",
    ".ann@acme.example",
    "ann.@acme.example",
    "ann@acme.example, bob@acme.example",
    "Ann <ann@acme.example>",
    "mailto:ann@acme.example",
    f"{'l' * 65}@acme.example",
    f"{'é' * 33}@acme.example",  # 66 bytes
    f"ann@{'h' * 64}.example",
    f"ann@{'h.' * 125}h",  # 255 characters
)
