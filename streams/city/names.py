"""Names of people and enterprises: common surnames by frequency, ordinary given names, ordinary trades.

Rule: every draw comes from the given random source. Must not know: identifiers.
"""

from random import Random

# Per 1,000 people, after the 2007 national ranking (rounded); the rest share the tail.
_FREQUENCY = (
    "王73李72张68刘54陈45杨31黄22赵21吴20周19徐14孙13马13朱12胡12郭11何11林11高10罗10郑9梁8谢7宋7唐7许7韩6冯6邓6曹6"
    "彭5曾5肖5田5董5袁4潘4于4蒋4蔡4余4杜4叶4程4苏4魏4吕4丁4任4沈4姚4卢4姜4崔3钟3谭3陆3汪3范3金3石3廖3贾3夏3韦3付3方3"
    "白3邹3孟3熊3秦3邱3江3尹3薛2闫2段2雷2侯2龙2史2陶2黎2贺2顾2毛2郝2龚2邵2万2钱2严2覃2武2戴2莫2孔2向2汤2俞2来1楼1章2"
    "裘1施2洪2葛2诸1应1盛1柴1"
)
_GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红梅玲建国文斌志海波燕萍鹏飞宇辉健峰浩亮云雪琴凤丹晨欣怡佳"
    "俊凯琳倩婷慧莉颖林根水土法松炳仁义忠良福荣祥庆生新永春夏秋冬小晓雅诗涵梓轩子豪思远"
)
_BRAND = (
    "恒信盛达瑞丰华泰金源宏远鑫隆嘉禾天成东方西湖钱江临平之江越秀吉利万和永昌康乐博雅汇通启明浙润诚立卓越"
)
# fmt: off
_TRADES = (
    "商贸", "科技", "餐饮管理", "服饰", "机械", "建材", "物流", "装饰工程", "电子", "化工",
    "食品", "丝绸", "茶叶", "汽车服务", "广告", "软件", "纺织", "印刷", "园林", "五金",
)
# fmt: on
_PLACES = ("杭州", "杭州", "杭州", "杭州市西湖区", "杭州萧山", "杭州余杭", "浙江")


def _expand(frequency: str) -> str:
    surnames, count = [], ""
    for char in reversed(frequency):
        if char.isdigit():
            count = char + count
        else:
            surnames.append(char * int(count))
            count = ""
    return "".join(reversed(surnames))


_SURNAMES = _expand(_FREQUENCY)


def one_of(rng: Random, options: str) -> str:
    """A character; several times faster than `rng.choice`, which matters at 350,000 rows."""
    return options[int(rng.random() * len(options))]


def person_name(rng: Random) -> str:
    second = one_of(rng, _GIVEN) if rng.random() < 0.75 else ""
    return one_of(rng, _SURNAMES) + one_of(rng, _GIVEN) + second


def enterprise_name(rng: Random) -> str:
    brand = one_of(rng, _BRAND) + one_of(rng, _BRAND)
    return f"{rng.choice(_PLACES)}{brand}{rng.choice(_TRADES)}有限公司"
