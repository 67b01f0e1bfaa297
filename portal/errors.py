"""The failures of this room, MS7xx, as sentences.

Here: the registry of codes and the one exception. Not here: values; file names are named,
because a release folder holds only public files.
"""

from collections.abc import Mapping

from failures.exits import Exit
from failures.numbered import ErrorText, NumberedError

ERRORS: Mapping[str, ErrorText] = {
    "MS701": ErrorText(
        "The folder of release {release_id} was left as it is",
        "It is already there and is not what was drawn, in: {files}; a release is never edited "
        "after it is built",
        "Verify the folder, and restore it from a backup or from where it was published",
    ),
    "MS702": ErrorText(
        "The folder of release {release_id} could not be written",
        "The operating system refused with {kind}",
        "Check the free space and the permissions of the releases folder, then build it again",
    ),
    "MS703": ErrorText(
        "The release {release_id} was not built",
        "{reason}",
        "Have the release drawn again by a version of the software that fits this one",
    ),
    "MS705": ErrorText(
        "The archive {file} was left as it is",
        "It is already there and does not hold the bytes of its release's folder",
        "Verify it; move it away, and build the release again to have it packed anew",
    ),
    "MS711": ErrorText(
        "{folder} cannot be verified",
        "It is neither a folder nor a ZIP that holds a release.json",
        "Give the path of one release, for example releases/2025Q1 or releases/2025Q1.zip",
        Exit.VERIFICATION,
    ),
    "MS712": ErrorText(
        "{folder} cannot be verified",
        "Its release.json is damaged or asks for something that is not allowed: {reason}",
        "Fetch the release again from where it was published",
        Exit.VERIFICATION,
    ),
    "MS713": ErrorText(
        "{folder} cannot be verified",
        "Its format is {format}, and this software knows the formats {known}",
        "Verify it with a newer version of MoShare",
        Exit.VERIFICATION,
    ),
    "MS714": ErrorText(
        "{folder} is not the release that was published",
        "{findings}",
        "Do not use its numbers; fetch the release again from where it was published",
        Exit.VERIFICATION,
    ),
    "MS715": ErrorText(
        "The public key {file} cannot be used",
        "It is missing or is not a minisign public key",
        "Take the key from where the hub announced it",
        Exit.VERIFICATION,
    ),
    "MS716": ErrorText(
        "{folder} is not signed",
        "It has no release.json.minisig, as releases before signing was introduced",
        "Check its fingerprint against the one that was announced",
        Exit.VERIFICATION,
    ),
    "MS717": ErrorText(
        "{folder} is not signed by the holder of {file}",
        "Its signature is by a key that is not in {file}, or its release.json was changed "
        "after it was signed",
        "Do not use its numbers; fetch the release again from where it was published, and "
        "{file} from where the hub announced it",
        Exit.VERIFICATION,
    ),
    "MS718": ErrorText(
        "{folder} was not opened",
        "As an archive it is not safe to read: {reason}",
        "Do not unpack it; fetch the release again from where it was published",
        Exit.VERIFICATION,
    ),
    "MS751": ErrorText(
        "{folder} is not accepted, although its signature fits",
        "It is signed with the key {key}, which the hub used for releases drawn until {until}, "
        "and does not say that it was drawn before",
        "Do not use its numbers, and tell the hub: that key may be in other hands",
        Exit.VERIFICATION,
    ),
    "MS752": ErrorText(
        "The signing key {file} is lost or damaged",
        "It is missing, is not readable by this account, or is not a whole key without a "
        "password; releases were signed with it, so no other is made in its place",
        "Restore it from the backup of the vault; if there is none, 'moshare rotate-key' makes "
        "a new one, whose public half every agency needs",
    ),
    "MS753": ErrorText(
        "The signing key {file} is open to other accounts",
        "Whoever reads it can sign what the hub never released",
        "Run 'chmod 600' on it; if others may have read it, run 'moshare rotate-key' too",
    ),
    "MS754": ErrorText(
        "{file} lacks a public key that releases here are signed with",
        "They name the keys {keys}; without these, nobody can check them",
        "Restore {file} from the backup of the releases",
    ),
    "MS756": ErrorText(
        "The signing key or its public half could not be written",
        "The operating system refused with {kind}",
        "Check free space and rights of the vault and the releases folder, then run it again",
    ),
    "MS755": ErrorText(
        "The signing key {file} is not the one that {public} begins with",
        "Agencies check new releases with the key {key}; one of the two files is older than "
        "the other, or damaged",
        "Restore both from the newest backup: the key in the vault, {public} beside the releases",
    ),
}


class PortalError(NumberedError):
    """A release could not be built, or is not what it says it is."""

    texts = ERRORS
    usual_exit = Exit.DELIVERY_OUT
