"""The texts of the numbers about encrypted deliveries and their keys: MS170 to MS179, MS186.

Does not belong here: a file that is encrypted and not named so (MS139, `delivery_error_texts`).
"""

from failures.exits import Exit
from sources.error_form import DeliveryText

_ENCRYPT = "encrypt it to the hub's public key, for instance with `moshare deliver --encrypt-to`"

ENCRYPTION = {
    "MS170": DeliveryText(
        "{file} is encrypted, and no key that was named opens it",
        "It was encrypted to another key, or its beginning is damaged",
        "Ask the hub for its present public key and encrypt to it. At the hub: if the key was "
        "exchanged, name the former one too in MOSHARE_DELIVERY_KEYS",
    ),
    "MS171": DeliveryText(
        "{file} cannot be decrypted to its end",
        "It was cut short, lengthened or changed after it was encrypted; what came out of it until "
        "then was thrown away unread",
        "Encrypt it again and transfer it in binary mode",
    ),
    "MS172": DeliveryText(
        "{file} is encrypted with a passphrase",
        "The hub opens files with its own key; a passphrase would have to travel to it",
        f"Instead, {_ENCRYPT}",
    ),
    "MS173": DeliveryText(
        "{file} is signed or packed by OpenPGP, and not encrypted",
        "The end of its name says that it is encrypted, and whoever has it can read it",
        f"Look at who could have read it, and {_ENCRYPT}",
    ),
    "MS174": DeliveryText(
        "{file} is a key and no delivery",
        "A key stands where an encrypted file was meant",
        "Send the encrypted file. A public key goes to the hub by another way; if it is a secret "
        "key, make a new one, for this one has left your hands",
    ),
    "MS175": DeliveryText(
        "{file} is not encrypted in the way that the end of its name says",
        ".age stands for the age format, .pgp, .gpg and .asc for OpenPGP; what is in it is not "
        "guessed, nor taken where it is not encrypted at all",
        "Give it the end that it should have, and write a new manifest with `moshare deliver`",
    ),
    "MS176": DeliveryText(
        "The hub's delivery key {file} cannot be used",
        "{problem}",
        "Mend it, or name another in MOSHARE_DELIVERY_KEYS; what was delivered waits",
        Exit.USAGE,
    ),
    "MS177": DeliveryText(
        "Nothing can be encrypted to {file}",
        "{problem}",
        "Ask the hub for its present public key: a file of age, with a line that begins with age1, "
        "or one of OpenPGP",
        Exit.USAGE,
    ),
    "MS178": DeliveryText(
        "{file} is encrypted, and no key is named here that could open it",
        "What is in it is counted and checked, and the variable MOSHARE_DELIVERY_KEYS names no "
        "file with a secret key",
        "At the hub, name it there; what was delivered waits. At an agency, validate the file "
        "before it is encrypted, and let `moshare deliver --encrypt-to` encrypt it",
        Exit.USAGE,
    ),
    "MS179": DeliveryText(
        "What is drawn from a database is not encrypted by the same command",
        "It is written as a file first, and that would lie in the inbox as it is",
        "Draw it into a folder that is yours alone, with --inbox, and deliver the files from there "
        "with --encrypt-to",
        Exit.USAGE,
    ),
    "MS186": DeliveryText(
        "{file} is encrypted, and the hub has no key that it can use",
        "MOSHARE_DELIVERY_KEYS names none there, or one that is broken. No quarter waits for this "
        "delivery, so those of others go on; it stays in the inbox as it came",
        "Nothing need be sent again. At the hub, mend what `moshare doctor` says of the key, and "
        "take it in with `moshare ingest`",
    ),
}
