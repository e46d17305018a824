"""The vocabulary of the demo platform: names, places and phrases in Japanese, English and German.

Every list is repeated until it has `POSITIONS` entries, so that the seed statements can pick by
the low bits of a number. Lists that are drawn from with skew have their commonest entry first.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import cycle, islice

POSITIONS = 64

_NAMES = {
    "ja": {
        "family": (
            "田中 Tanaka,佐藤 Sato,鈴木 Suzuki,高橋 Takahashi,伊藤 Ito,渡辺 Watanabe,"
            "山本 Yamamoto,中村 Nakamura,小林 Kobayashi,加藤 Kato,吉田 Yoshida,山田 Yamada,"
            "佐々木 Sasaki,山口 Yamaguchi,松本 Matsumoto,井上 Inoue,木村 Kimura,林 Hayashi,"
            "斎藤 Saito,清水 Shimizu,山崎 Yamazaki,森 Mori,池田 Ikeda,橋本 Hashimoto,"
            "阿部 Abe,石川 Ishikawa,藤田 Fujita,前田 Maeda,後藤 Goto"
        ),
        "given": (
            "陽菜 Hina,蓮 Ren,結衣 Yui,湊 Minato,美咲 Misaki,大翔 Hiroto,葵 Aoi,悠真 Yuma,"
            "さくら Sakura,健太 Kenta,美優 Miyu,翔太 Shota,凛 Rin,拓海 Takumi,七海 Nanami,"
            "大輔 Daisuke,愛 Ai,直樹 Naoki,真由美 Mayumi,浩 Hiroshi,恵子 Keiko,誠 Makoto,"
            "由美 Yumi"
        ),
    },
    "en": {
        "family": (
            "Smith,Brown,Johnson,Williams,Jones,Miller,Davis,Wilson,Taylor,Anderson,Thomas,"
            "Moore,Martin,Lee,Walker,Hall,Young,King,Wright,O'Brien,Green,Baker,Adams,"
            "Campbell,Mitchell,Roberts,Carter"
        ),
        "given": (
            "Emma,Oliver,Sophia,Liam,Amelia,Noah,Grace,James,Chloe,William,Emily,Lucas,Ella,"
            "Henry,Zoe,Daniel,Hannah,Jack,Lily,Samuel,Ruby,Thomas,Alice,Benjamin,Megan"
        ),
    },
    "de": {
        "family": (
            "Müller Mueller,Schmidt,Schneider,Fischer,Weber,Meyer,Wagner,Becker,Schulz,"
            "Hoffmann,Schäfer Schaefer,Koch,Bauer,Richter,Klein,Wolf,Schröder Schroeder,"
            "Neumann,Schwarz,Braun,Krüger Krueger,Hartmann,Lange,Groß Gross,Jäger Jaeger,"
            "Böhm Boehm"
        ),
        "given": (
            "Anna,Lukas,Jürgen Juergen,Sophie,Felix,Lena,Jonas,Mia,Paul,Hannah,Björn Bjoern,"
            "Marie,Stefan,Käthe Kaethe,Leon,Clara,Jörg Joerg,Greta,Matthias,Frieda,Uwe,"
            "Ingrid,Günter Guenter"
        ),
    },
}

_PHRASES = {
    "ja": {
        "opening": (
            "今日のメニューは|新作ができました|週末のおすすめは|お客様に大好評だったのは|"
            "季節の一皿|仕込み中です|撮影の裏側|はじめて挑戦したのは|料理教室で作りました|"
            "予約受付中"
        ),
        "closing": (
            "ぜひ食べに来てください。|ご予約はプロフィールのリンクから。|"
            "レシピは明日公開します。|残り三席です。|感想をコメントで教えてください。|"
            "いつもありがとうございます。"
        ),
        "praise": (
            "とても美味しかったです。|家族みんな大満足でした。|"
            "時間どおりで丁寧な対応でした。|盛り付けがきれいで写真をたくさん撮りました。|"
            "少し味が濃かったけれど良い体験でした。|また必ずお願いします。"
        ),
        "request": (
            "えびアレルギーがあります。|子ども二人が参加します。|"
            "誕生日ケーキをお願いします。|駐車場はありません。|キッチンは電気コンロです。|"
            "辛さは控えめでお願いします。"
        ),
        "biography": (
            "京都の料亭で十年修業し、旬の食材を生かした料理を作ります。|"
            "築地仕込みの魚料理が得意です。|ご家庭で楽しめる本格的な味をお届けします。|"
            "発酵と出汁を大切にしています。"
        ),
    },
    "en": {
        "opening": (
            "On the menu today:|New this week:|Behind the scenes of|Guests keep asking for|"
            "Weekend special:|First try at|Sold out again:|Cooking class favourite:|"
            "Now booking:"
        ),
        "closing": (
            "Come and taste it.|Link in bio to book.|Recipe goes up tomorrow.|"
            "Three seats left.|Tell us in the comments what you think.|"
            "Thank you all for the support!"
        ),
        "praise": (
            "Absolutely delicious, every course.|"
            "On time, friendly, and the kitchen was spotless.|"
            "Our guests are still talking about it.|"
            "Portions were a little small, the taste was great.|Worth every cent.|"
            "Not what we had ordered, but kindly put right.|We will book again."
        ),
        "request": (
            "One guest has a nut allergy.|"
            "Please bring your own knives, our kitchen is small.|"
            "It is a surprise party, do not ring the bell.|Two vegetarians at the table.|"
            "Parking is behind the house.|Could we start half an hour later?"
        ),
        "biography": (
            "Trained in Lyon and Melbourne, now cooking seasonal menus at home tables.|"
            "Street food at heart, fine dining by training.|"
            "Baker, fermenter, and teacher of small classes.|"
            "I cook what the market has that morning."
        ),
    },
    "de": {
        "opening": (
            "Heute auf der Karte:|Neu in dieser Woche:|Frisch aus dem Ofen:|Unser Liebling:|"
            "Am Wochenende gibt es|Zum ersten Mal probiert:|Aus dem Kochkurs:|Jetzt buchen:"
        ),
        "closing": (
            "Kommt vorbei und kostet selbst.|Buchung über den Link im Profil.|"
            "Das Rezept folgt morgen.|Noch drei Plätze frei.|"
            "Schreibt uns, wie es euch schmeckt!"
        ),
        "praise": (
            "Hervorragend gekocht und sehr freundlich.|Pünktlich, sauber, köstlich.|"
            "Die Gäste waren begeistert.|Etwas versalzen, sonst ein schöner Abend.|"
            "Gerne wieder!"
        ),
        "request": (
            "Ein Gast verträgt keine Milch.|Bitte ohne Schweinefleisch.|"
            "Die Küche ist im zweiten Stock.|Wir feiern einen Geburtstag.|"
            "Bitte vorher anrufen."
        ),
        "biography": (
            "Gelernt im Schwarzwald, gekocht in Wien und Osaka.|"
            "Regionale Küche ohne Schnörkel.|Ich bringe Brot, Messer und gute Laune mit."
        ),
    },
}

_WORDS = {
    "cuisine": (
        "japanese,italian,french,korean,chinese,indian,thai,spanish,mexican,german,vegan,"
        "vietnamese,american,turkish,peruvian,ethiopian"
    ),
    "location": (
        "Tokyo,Osaka,Kyoto,Yokohama,Nagoya,Fukuoka,Sapporo,Berlin,Kobe,London,Sendai,"
        "Hiroshima,Munich,Vienna,Seoul,Nara,Hamburg,Kanazawa,New York,Naha,Zurich,Sydney,"
        "Matsuyama,Dublin"
    ),
    "dish": (
        "抹茶パフェ,醤油ラーメン,miso salmon,sourdough,すき焼き,carbonara,Apfelstrudel,"
        "bibimbap,親子丼,pho bo,海鮮丼,Käsespätzle,paella,green curry,茶碗蒸し,tiramisu,"
        "お好み焼き,mapo tofu,bouillabaisse,うなぎの蒲焼,tacos al pastor,Sauerbraten,天ぷら,"
        "ceviche,injera,Flammkuchen,和牛ステーキ,ratatouille"
    ),
    "hashtag": (
        "foodie,homechef,料理,東京グルメ,dinner,cookingclass,和食,seasonal,recipe,"
        "おうちごはん,kochen,yummy,brunch,plantbased,streetfood,sweets"
    ),
    "platform": "instagram,instagram,instagram,tiktok,tiktok,x,x,youtube",
    "category": (
        "meal-kit,tableware,knife,seasoning,tea,sweets,cookware,apron,book,gift-card,wine"
    ),
    "article": (
        "ramen kit,santoku knife,yuzu salt,matcha set,copper pan,linen apron,dashi pack,"
        "bento box,saffron tin,spice rack,ceramic bowl,miso trio,tasting box,wagashi box,"
        "recipe book,sencha"
    ),
    "campaign": "food,food,lifestyle,beauty,travel,gourmet,kitchen,family,fitness,tech",
    "task": "support,sales,content,bookkeeping,recruiting,translation,scheduling,research",
}


@cache
def vocabulary(name: str) -> tuple[str, ...]:
    """Return one of the lists (`cuisine`, `dish`), the commonest entry first, none twice."""
    return tuple(dict.fromkeys(_WORDS[name].split(",")))


def words_rows() -> Iterator[tuple[int | str, ...]]:
    """Yield the rows of the temporary table `words`: the position, then a word of each list."""
    lists = [_stretch(words.split(",")) for words in _WORDS.values()]
    return ((position, *row) for position, row in enumerate(zip(*lists, strict=True)))


def voices_rows() -> Iterator[tuple[int | str, ...]]:
    """Yield the rows of the temporary table `voices`, locale by locale."""
    for locale, names in _NAMES.items():
        family, given = (_stretch(names[part].split(",")) for part in ("family", "given"))
        phrases = [_stretch(text.split("|")) for text in _PHRASES[locale].values()]
        for position in range(POSITIONS):
            shown = (given[position].split(" ")[0], family[position].split(" ")[0])
            ascii_names = (_ascii(given[position]), _ascii(family[position]))
            yield (locale, position, *shown, *ascii_names, *(p[position] for p in phrases))


def _stretch(entries: list[str]) -> list[str]:
    return list(islice(cycle(entries), POSITIONS))


def _ascii(name: str) -> str:
    return name.split(" ")[-1].replace("'", "")
