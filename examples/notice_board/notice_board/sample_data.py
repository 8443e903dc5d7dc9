"""Believable people and notices for a board that would otherwise be empty."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from . import models, pictures
from .auth import hash_password
from .sample_pictures import PICTURES

PEOPLE = ("Mira", "Jonas", "Amelie", "Tariq", "Ruth")
PASSWORD = "linden-tree"


class Sample(NamedTuple):
    hours_ago: float
    author: str
    category: str
    title: str
    body: str
    picture: str = ""


NOTICES = (
    Sample(
        0.4, "Ruth", "lost-found", "Have you seen Minka?",
        "Our grey cat Minka has not been home since Tuesday evening. She wears a red collar with a"
        " yellow bell and is shy, but comes for anything that rustles.\n\n"
        "Please look into your cellars and sheds around the square. If you see her, ring at"
        " number 14, whatever the hour.\n\nThank you!",
        "cat",
    ),
    Sample(
        2, "Mira", "events", "Summer party under the lindens",
        "Saturday in two weeks, from six until the lights go out.\n\n"
        "We hang up the lanterns again and put the long table in the middle of the square. Bring a"
        " dish to share and a chair if you can carry one. Jonas brings his records, the bakery"
        " gives the bread.\n\nWho helps to set up? We meet at four by the fountain.",
        "summer party",
    ),
    Sample(
        5, "Tariq", "for-sale", "City bicycle, freshly serviced",
        "Steel frame, eight gears, hub brakes, wicker basket. New tyres and chain this spring; it"
        " has always slept indoors.\n\nFrame height 54 cm. 180, or swap for a cargo trailer. Come"
        " by for a test ride, I am home most evenings.",
        "bicycle",
    ),
    Sample(
        9, "Amelie", "help", "I'll water your plants in August",
        "I stay in town all summer and like walking past other people's balconies. Leave me a key"
        " and a note about who is thirsty and who is a cactus.\n\nFree of charge. A postcard would"
        " be nice.",
    ),
    Sample(
        21, "Jonas", "wanted", "Old records, any genre",
        "Clearing out the attic? I give vinyl a second life: jazz, soul, brass bands, that one"
        " polka record everybody has.\n\nI collect, and I pay in money or in cake.",
        "records",
    ),
    Sample(
        27, "Ruth", "for-sale", "More tomatoes than I can eat",
        "The greenhouse got carried away again. Crates of ripe tomatoes stand by my gate at"
        " number 14, two for the kilo, money in the tin.\n\nThe small yellow ones are the best.",
        "tomatoes",
    ),
    Sample(
        31, "Tariq", "news", "Fountain back in operation from Friday",
        "The town has replaced the pump. On Friday morning the water is turned on again, and the"
        " benches on the north side are put back.\n\nPlease keep the barriers closed until then.",
    ),
    Sample(
        44, "Mira", "help", "Who can explain a tax form?",
        "First year on my own account and I look at page three like a cow at a new gate. Half an"
        " hour of your time against a home-made dinner?",
    ),
    Sample(
        50, "Amelie", "events", "Baking sourdough together",
        "On Sunday at ten I fire up the old oven in the courtyard of number 8. Bring flour and a"
        " bowl; starter is here and has a name.\n\nEverybody takes home a warm loaf. Eight places,"
        " three are left.",
        "bread",
    ),
    Sample(
        70, "Jonas", "lost-found", "Found: a small key on a blue ribbon",
        "It lay under the third bench by the playground. Looks like the key to a letter box or a"
        " diary. It hangs at the counter of the bakery now.",
    ),
    Sample(
        78, "Mira", "for-sale", "Two shelves full of novels",
        "I am moving into something smaller and the books can't all come along. Crime, travel,"
        " classics, and a suspicious number of cookery books.\n\nOne a piece, or ten for seven. "
        "Come and browse on Thursday afternoon; there is coffee.",
        "books",
    ),
    Sample(
        96, "Tariq", "wanted", "Rehearsal room for a patient drummer",
        "I play twice a week for two hours, before eight in the evening, and I'd gladly pay towards"
        " the rent. A cellar is fine. So is a barn.",
    ),
    Sample(
        119, "Ruth", "help", "Allotment neighbour wanted",
        "Half of my plot behind the railway bridge is lying fallow and my back says it should stay"
        " so. Would you like to grow something there?\n\nTools, shed and advice are included. You"
        " keep what you harvest, I keep the shady chair.",
        "allotment",
    ),
    Sample(
        130, "Amelie", "for-sale", "Children's rain clothes, size 116",
        "Yellow jacket, blue dungarees, boots in size 29. One autumn old and, against all odds,"
        " without a hole. 25 for everything.",
    ),
    Sample(
        146, "Jonas", "news", "The Wednesday market moves",
        "While the pavement in Church Lane is being relaid, the stalls stand on the south side of"
        " the square. Opening hours stay as they are, from eight to one.",
    ),
    Sample(
        160, "Tariq", "help", "Bicycle repairs on Sunday mornings",
        "From ten to twelve I stand in the gateway of number 3 with tools and a pump. We mend your"
        " bicycle together; afterwards you can do it alone.",
    ),
    Sample(
        190, "Mira", "wanted", "A piano that nobody plays",
        "My daughter has outgrown the keyboard. We look for an upright piano that has more soul"
        " than value. Four strong friends and a van are standing by.",
    ),
    Sample(
        214, "Ruth", "events", "Chess in the park",
        "Every Thursday from three, at the stone tables. All ages, all strengths. We have spare"
        " sets, and Mr Novak has been waiting for a serious opponent since March.",
    ),
    Sample(
        240, "Amelie", "lost-found", "Lost: grey woollen scarf",
        "Probably left on the tram stop bench last Friday. My grandmother knitted it, so there"
        " is a reward: she'll knit you one too.",
    ),
    Sample(
        262, "Jonas", "for-sale", "Garden table with four chairs",
        "Acacia wood, oiled every spring, folds flat. The wobbly chair has been cured. 90 and they"
        " are yours; I can bring them over by handcart.",
    ),
    Sample(
        290, "Tariq", "events", "Reading circle: new members welcome",
        "We meet on the first Monday of the month at half past seven above the bakery. Next comes a"
        " short novel about a long train ride. You may come without having finished it.",
    ),
    Sample(
        318, "Mira", "news", "Quiet please: nesting swifts",
        "The swifts are back under the eaves of number 10. The scaffolding waits until"
        " mid-August so that they can raise their young in peace.",
    ),
    Sample(
        345, "Ruth", "wanted", "Jam jars with lids",
        "Plum season is near. I take every jar from 200 ml upwards and return one in five filled.",
    ),
    Sample(
        380, "Amelie", "help", "Language tandem: Italian and English",
        "I offer patient English and look for lively Italian. An hour a week, over coffee or on a"
        " walk by the river. Beginners are welcome in both directions.",
    ),
)  # fmt: skip


def seed(picture_scale: int = 8) -> int:
    """Add the sample people and notices to an empty board; return how many notices."""
    if models.has_users():
        return 0
    people = {name: models.create_user(name, hash_password(PASSWORD)) for name in PEOPLE}
    current = models.now()
    for sample in reversed(NOTICES):
        paint = PICTURES.get(sample.picture)
        models.create_notice(
            people[sample.author],
            sample.title,
            sample.body,
            sample.category,
            pictures.save_picture(paint(picture_scale)) if paint else None,
            current - timedelta(hours=sample.hours_ago),
        )
    return len(NOTICES)


def login() -> tuple[str, str] | None:
    """Return a name and a password to try the board with, if it has the sample people."""
    return None if models.find_user_by_name(PEOPLE[0]) is None else (PEOPLE[0], PASSWORD)
