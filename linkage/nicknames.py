"""Short forms of given names that stand for one full form, in English and Spanish.

Part of the recipe of tokens: a change here needs a new version of it (`linkage.recipe`). A short
form of several names stands for one of them; no full form stands for another one, so that a brother
and a sister born on one day keep different tokens. Does not belong here: folding them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_SHORT_FORMS = {
    "abigail": "abby abbie gail",
    "alejandro": "ale jandro",
    "alexander": "alex xander zander",
    "andrew": "andy drew",
    "anthony": "tony",
    "barbara": "barb barbie",
    "benjamin": "ben benny benji",
    "cassandra": "cassie cass",
    "catherine": "cathy kathy kate katie katherine kathryn cathryn katharine",
    "charles": "charlie chuck",
    "christopher": "chris topher",
    "daniel": "dan danny",
    "david": "dave davey",
    "deborah": "deb debbie debra",
    "edward": "ed eddie ned",
    "elizabeth": "liz lizzie beth betsy betty eliza libby elisabeth",
    "francisco": "paco pancho kiko",
    "gabriel": "gabe",
    "gregory": "greg",
    "guadalupe": "lupe lupita",
    "guillermo": "memo",
    "isabella": "izzy bella",
    "jacob": "jake",
    "james": "jim jimmy jamie",
    "jennifer": "jen jenny jenn",
    "jessica": "jess jessie",
    "jesus": "chuy",
    "john": "johnny jack jon",
    "jonathan": "nathan",
    "jose": "pepe",
    "joseph": "joe joey",
    "joshua": "josh",
    "kenneth": "ken kenny",
    "lawrence": "larry",
    "madeline": "maddie maddy madeleine",
    "margaret": "maggie meg peggy marge",
    "matthew": "matt matty",
    "michael": "mike mikey mick",
    "natalie": "nat",
    "nicholas": "nick nicky nicolas",
    "olivia": "liv livvy",
    "patricia": "pat patty trish",
    "peter": "pete",
    "raymond": "ray",
    "rebecca": "becca becky",
    "richard": "rick ricky dick rich",
    "robert": "bob bobby rob robbie",
    "ronald": "ron ronnie",
    "samuel": "sam sammy",
    "stephen": "steve steven",
    "susan": "sue susie suzie",
    "theodore": "ted teddy theo",
    "theresa": "tess terri teresa",
    "thomas": "tom tommy",
    "timothy": "tim timmy",
    "victoria": "vicky vickie tori",
    "vincent": "vince vinny",
    "william": "will bill billy liam willy",
    "zachary": "zach zack",
}

FULL_FORMS: Mapping[str, str] = MappingProxyType(
    {short: full for full, forms in _SHORT_FORMS.items() for short in forms.split()}
)
"""Short form or other spelling of a given name to the full form that it stands for."""
