"""What figures count: units and currencies as people write them, and which convert."""

from __future__ import annotations

from decimal import Decimal

UNITS = {
    "business_day": r"business days?|working days?|werktage?n?|arbeitstage?n?|jours? ouvr[ée]s?|"
    r"jours? ouvrables?|d[ií]as? h[áa]biles|d[ií]as? laborables?|giorni lavorativi|"
    r"giorno lavorativo|werkdag(?:en)?|dias? [úu]te?is|dia útil",
    "minute": r"minutes?|mins?|minuten?|minutos?|minut[oi]|minuut",
    "hour": r"hours?|hrs?|stunden?|std|heures?|horas?|or[ea]|uur|uren",
    "day": r"days?|tage?n?|jours?|d[ií]as?|giorn[oi]|dag(?:en)?",
    "week": r"weeks?|wochen?|semaines?|semanas?|settiman[ae]|weken|week",
    "month": r"months?|monate?n?|mois|mes(?:es)?|mes[ei]|maand(?:en)?|m[êe]s(?:es)?",
    "year": r"years?|yrs?|jahre?n?|ans|années?|années?|años?|ann[oi]|jaar|jaren|anos?",
    "%": r"%|percent|per ?cent|prozent|pour ?cents?|por ?ciento|per ?cento|procent|por ?cento",
    "€": r"€|eur|euros?",
    "$": r"us\$|\$|dollars?|d[óo]lar(?:es)?|dollari",
    "usd": r"usd",
    "cad": r"cad",
    "aud": r"aud",
    "£": r"£|gbp|pounds sterling|pounds?",
    "chf": r"chf|francs? suisses?|franken",
    "¥": r"¥|jpy|yen",
    "kg": r"kg|kilos?|kilogram\w*|kilogramm",
    "lb": r"lbs?",
    "gram": r"g|grams?|gramm",
    "km": r"km|kilomet\w+",
    "cm": r"cm|centimet\w+",
    "mm": r"mm",
    "gb": r"gb",
    "mb": r"mb",
    "kb": r"kb",
}
SCALES = {
    "minute": ("hour", Decimal(1) / 60),
    "day": ("hour", Decimal(24)),
    "week": ("hour", Decimal(168)),
    "year": ("month", Decimal(12)),
}
