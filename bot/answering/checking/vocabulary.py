"""The words that `lexicons` reads, by ISO 639-1 code and by what they do to a claim.

Each value is alternatives separated by |, matched as whole words on folded text; `numbers` are
2 to 20, then 30 to 90 by tens, then 100.
"""

from __future__ import annotations

LANGUAGES: dict[str, dict[str, str]] = {
    "en": {
        "negation": r"not(?! only)|cannot|\w+n't|never|no(?!\.? ?\d)|neither|nor|none|nobody|"
        r"nothing",
        "denial": r"unable|exclud\w+|non-?\w{4,}|ineligible|prohibit\w*|forbid\w*|refus\w+|"
        r"reject\w*|declin\w+|unavailable|invalid|void|impossible|exempt\w*|final sale",
        "soft": r"free|without|except\w*|only|unless|waive\w*|lacks?|zero|"
        r"un(?!der|it|iq|ion|iver)\w{4,}|fail\w*|"
        r"too|instead|stop\w*|remov\w+|disabl\w+|prevent\w*|avoid\w*",
        "condition": r"if|unless|provided (?:that|you|it|they)|as long as|so long as|only|"
        r"except(?:ing)?|excluding|other than|apart from|until|before|once|after|subject to|"
        r"in case|on condition|without|up to|as soon as",
        "limiting": r"(?:however|but|unless|except|only|otherwise|note|exceptions?|it must|"
        r"they must|this does not|this doesn't|this only|they cannot|it cannot)",
        "hedge": r"may|might|could|usually|typically|generally|normally|sometimes|often|"
        r"approximately|about|around|roughly|up to|most|some|in some cases|depending|possibly",
        "may": r"can|may|could|might|allowed|able to|optional|optionally",
        "must": r"must|have to|has to|need to|needs to|required|shall|mandatory|only",
        "always": r"always|guaranteed?s?|definitely|every|all|in any case|under any "
        r"circumstances|no matter|immediately|instantly",
        "at_most": r"within|up to|at most|no more than|not more than|maximum(?: of)?|max|"
        r"no later than|less than|under|fewer than|below",
        "at_least": r"at least|minimum(?: of)?|no less than|not less than|more than|over|above|"
        r"exceed\w*",
        "after": r"after|later than",
        "before": r"before|prior to",
        "general": r"when|whenever|while|within|usually|normally|typically|generally|always|"
        r"each|every|any|customers?|members?|as a rule|in general|depending|may|can|or",
        "numbers": "two three four five six seven eight nine ten eleven twelve thirteen fourteen "
        "fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy "
        "eighty ninety hundred",
    },
    "de": {
        "negation": r"nicht(?! nur)|kein\w*|nie|niemals|niemand|nichts|weder|keinesfalls",
        "denial": r"ausgeschlossen\w*|ausgenommen|unmöglich|ungültig\w*|verboten|untersagt|"
        r"unzulässig|abgelehnt|verweiger\w*|nichtig",
        "soft": r"kostenlos\w*|kostenfrei\w*|gratis|ohne|außer|nur|frei\w*|"
        r"un(?!ter|ser|d|gef|iv)\w{4,}|verhinder\w*",
        "condition": r"wenn|falls|sofern|solange|es sei denn|nur|außer|ausgenommen|bevor|sobald|"
        r"nachdem|vorausgesetzt|ohne|lediglich|ausschließlich",
        "limiting": r"(?:jedoch|allerdings|aber|außer|nur|ausgenommen|ansonsten|sie müssen|"
        r"er muss|sie muss|es muss|dies gilt nicht|das gilt nicht|hinweis)",
        "hedge": r"kann|können|könnte\w*|möglicherweise|eventuell|üblicherweise|normalerweise|"
        r"in der regel|meist\w*|etwa|ungefähr|circa|ca|rund|bis zu|manchmal|oft|einige",
        "may": r"kann|können|könnte\w*|darf|dürfen|möglich|erlaubt",
        "must": r"muss|müssen|erforderlich|notwendig|pflicht|nötig|verpflichtet|nur",
        "always": r"immer|stets|garantiert|alle|jede[rsmn]?|auf jeden fall|sofort|unbedingt",
        "at_most": r"innerhalb|binnen|bis zu|höchstens|maximal|spätestens|weniger als|unter|bis",
        "at_least": r"mindestens|wenigstens|mehr als|über|ab|frühestens",
        "after": r"nach",
        "before": r"vor",
        "general": r"innerhalb|binnen|nach|bei|in der regel|normalerweise|üblicherweise|kunden|"
        r"jeweils|stets|immer|je|oder",
        "numbers": "zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn "
        "fünfzehn sechzehn siebzehn achtzehn neunzehn zwanzig dreißig vierzig fünfzig sechzig "
        "siebzig achtzig neunzig hundert",
    },
    "fr": {
        "negation": r"ne|n(?=')|pas|jamais|aucune?s?|rien|ni|personne ne|non(?!-)",
        "denial": r"exclue?s?|impossibles?|interdite?s?|refus\w+|invalides?|inéligibles?|"
        r"indisponibles?",
        "soft": r"gratuit\w*|sans|sauf|seulement|uniquement|hors|que|offerte?s?|ne|n(?=')",
        "condition": r"si|s(?='ils?)|sauf|à condition|à moins|tant que|uniquement|seulement|"
        r"avant|jusqu'(?:à|au)|après|une fois|dès(?: que)?|lorsque|hors|sans|sous réserve|"
        r"pourvu",
        "limiting": r"(?:cependant|toutefois|mais|sauf|uniquement|sinon|il doit|elle doit|"
        r"ils doivent|cela ne|ceci ne|attention|remarque)",
        "hedge": r"peut|peuvent|pourrai\w*|généralement|habituellement|normalement|parfois|"
        r"souvent|environ|jusqu'à|certain\w*|la plupart",
        "may": r"peut|peuvent|pouvez|pouvons|possible|autorisée?s?|pourrai\w*",
        "must": r"doit|doivent|devez|devons|obligatoires?|nécessaires?|requise?s?|il faut",
        "always": r"toujours|garantie?s?|tous|toutes|chaque|en tout cas|immédiatement",
        "at_most": r"dans les|dans un délai de|sous|jusqu'à|au plus|maximum|au maximum|moins de|"
        r"d'ici|au plus tard|en moins de",
        "at_least": r"au moins|minimum|au minimum|plus de|à partir de|dès",
        "after": r"après",
        "before": r"avant",
        "general": r"quand|lors|lorsqu'\w+|dans les|sous|généralement|normalement|"
        r"habituellement|clients?|chaque|toujours|selon|ou",
        "numbers": "deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze "
        "quinze seize dix-sept dix-huit dix-neuf vingt trente quarante cinquante soixante "
        "soixante-dix quatre-vingts quatre-vingt-dix cent",
    },
    "es": {
        "negation": r"no(?! solo)|nunca|jamás|ning[uú]n\w*|nada|nadie|ni|tampoco",
        "denial": r"exclu\w+|imposible|prohibid\w+|rechaz\w+|inválid\w+|no reembolsable",
        "soft": r"gratis|gratuit\w+|sin|salvo|excepto|s[oó]lo|solamente|únicamente|libre",
        "condition": r"si|siempre que|a menos que|salvo|excepto|s[oó]lo|solamente|únicamente|"
        r"antes|hasta|después|una vez|en cuanto|mientras|sin|a condición",
        "limiting": r"(?:sin embargo|pero|salvo|excepto|solo|de lo contrario|debe|deben|"
        r"esto no|nota)",
        "hedge": r"puede(?=n? (?:tardar|demorar|variar|haber|ser))|podría\w*|normalmente|"
        r"generalmente|a veces|aproximadamente|alrededor|hasta|algun\w+|suele\w*|"
        r"posiblemente|la mayoría",
        "may": r"puedes?|pueden|podemos|podría\w*|posible|permitid\w+",
        "must": r"debes?|deben|debemos|tiene que|tienes que|tienen que|obligatori\w+|necesari\w+|"
        r"es preciso",
        "always": r"siempre(?! que)|garantiz\w+|tod[oa]s|cada|en cualquier caso|inmediatamente",
        "at_most": r"dentro de|en un plazo de|hasta|como máximo|máximo|menos de|a más tardar|"
        r"en menos de",
        "at_least": r"al menos|como mínimo|mínimo|más de|a partir de|por lo menos",
        "after": r"después de|tras|después del",
        "before": r"antes de|antes del",
        "general": r"cuando|dentro de|en un plazo|normalmente|generalmente|clientes?|cada|"
        r"siempre|según|o",
        "numbers": "dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce "
        "quince dieciséis diecisiete dieciocho diecinueve veinte treinta cuarenta cincuenta "
        "sesenta setenta ochenta noventa cien",
    },
    "it": {
        "negation": r"non(?! solo)|mai|nessun\w*|niente|nulla|né|neanche|nemmeno",
        "denial": r"esclus\w+|impossibile|vietat\w+|rifiut\w+|invalid\w+|proibit\w+",
        "soft": r"gratis|gratuit\w+|senza|tranne|salvo|eccetto|solo|soltanto|solamente|liber\w+",
        "condition": r"se|a condizione|purché|a meno che|salvo|tranne|eccetto|solo|soltanto|"
        r"solamente|prima|fino|dopo|una volta|appena|finché|senza",
        "limiting": r"(?:tuttavia|però|ma|salvo|tranne|solo|altrimenti|deve|devono|"
        r"questo non|ciò non|nota)",
        "hedge": r"potrebbe\w*|di solito|normalmente|generalmente|in genere|a volte|circa|"
        r"fino a|alcun\w+|possibilmente|la maggior parte",
        "may": r"può|puoi|possono|possiamo|potrebbe\w*|possibile|consentit\w+",
        "must": r"deve|devi|devono|dobbiamo|obbligatori\w+|necessari\w+|bisogna|occorre",
        "always": r"sempre|garantit\w+|tutt[ie]|ogni|in ogni caso|immediatamente|subito",
        "at_most": r"entro|fino a|al massimo|massimo|meno di|non oltre|in meno di",
        "at_least": r"almeno|minimo|come minimo|più di|a partire da|oltre",
        "after": r"dopo",
        "before": r"prima di|prima del\w*",
        "general": r"quando|entro|di solito|normalmente|generalmente|client\w+|ogni|sempre|"
        r"secondo|o",
        "numbers": "due tre quattro cinque sei sette otto nove dieci undici dodici tredici "
        "quattordici quindici sedici diciassette diciotto diciannove venti trenta quaranta "
        "cinquanta sessanta settanta ottanta novanta cento",
    },
    "nl": {
        "negation": r"niet(?! alleen)|geen|nooit|niemand|niets|nergens",
        "denial": r"uitgesloten|onmogelijk|verboden|geweiger\w*|ongeldig\w*|uitgezonderd|"
        r"niet-\w+",
        "soft": r"gratis|kosteloos|kosteloze|zonder|behalve|tenzij|alleen|slechts|enkel|vrij",
        "condition": r"als|indien|mits|tenzij|behalve|alleen|slechts|enkel|voordat|totdat|zodra|"
        r"nadat|zolang|zonder|op voorwaarde|uitgezonderd",
        "limiting": r"(?:echter|maar|tenzij|behalve|alleen|anders|het moet|ze moeten|"
        r"dit geldt niet|let op)",
        "hedge": r"kunnen|kan(?= (?:tot|enige|even|variëren))|zou\w*|meestal|gewoonlijk|normaal|"
        r"doorgaans|soms|vaak|ongeveer|circa|maximaal|tot|sommige|mogelijk|de meeste",
        "may": r"kan|kunt|kunnen|mag|mogen|mogelijk|toegestaan",
        "must": r"moet|moeten|verplicht|vereist|nodig|dient|dienen",
        "always": r"altijd|gegarandeerd|alle|elke?|iedere?|in elk geval|onmiddellijk|direct",
        "at_most": r"binnen|tot|hoogstens|maximaal|uiterlijk|minder dan|ten hoogste",
        "at_least": r"minstens|minimaal|ten minste|tenminste|meer dan|vanaf|ruim",
        "after": r"na|later dan",
        "before": r"vóór|voor(?= (?:de )?\d)",
        "general": r"wanneer|binnen|meestal|normaal|gewoonlijk|klanten?|elke|altijd|bij|na|of",
        "numbers": "twee drie vier vijf zes zeven acht negen tien elf twaalf dertien veertien "
        "vijftien zestien zeventien achttien negentien twintig dertig veertig vijftig zestig "
        "zeventig tachtig negentig honderd",
    },
    "pt": {
        "negation": r"não(?! só)|nunca|jamais|nenhum\w*|nada|ninguém|nem|tampouco",
        "denial": r"exclu[íi]\w+|impossível|proibid\w+|recusad\w+|rejeit\w+|inválid\w+",
        "soft": r"grátis|gratuit\w+|sem|salvo|exceto|só|somente|apenas|livre",
        "condition": r"se|desde que|a menos que|contanto que|salvo|exceto|só|somente|apenas|"
        r"antes|até|depois|após|uma vez|assim que|enquanto|sem",
        "limiting": r"(?:no entanto|porém|mas|salvo|exceto|apenas|caso contrário|deve|devem|"
        r"isto não|isso não|nota)",
        "hedge": r"poderá|poderia\w*|geralmente|normalmente|às vezes|cerca|aproximadamente|até|"
        r"algun\w+|algum\w*|possivelmente|a maioria",
        "may": r"pode|podes|podem|podemos|poderia\w*|possível|permitid\w+",
        "must": r"deve|devem|devemos|tem que|tem de|têm de|obrigatóri\w+|necessári\w+|precisa",
        "always": r"sempre(?! que)|garantid\w+|tod[oa]s|cada|em qualquer caso|imediatamente",
        "at_most": r"dentro de|no prazo de|em até|até|no máximo|máximo|menos de",
        "at_least": r"pelo menos|no mínimo|mínimo|mais de|a partir de|ao menos",
        "after": r"após|depois de|depois do",
        "before": r"antes de|antes do",
        "general": r"quando|dentro de|no prazo|geralmente|normalmente|clientes?|cada|sempre|"
        r"conforme|ou",
        "numbers": "dois três quatro cinco seis sete oito nove dez onze doze treze catorze quinze "
        "dezesseis dezessete dezoito dezenove vinte trinta quarenta cinquenta sessenta setenta "
        "oitenta noventa cem",
    },
}
