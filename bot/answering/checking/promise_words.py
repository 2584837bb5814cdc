"""How promises and claims about one customer's case are worded, by ISO 639-1 code.

`NEVER` is said to one person only. `RULE` may be a general rule as well. `OWN_CASE` is the state
of an order, a refund, an account. `SPEAKING` is whatever the company says of itself, and of what
is the customer's: the last net for promises in other words. All are searched in folded text.
"""

from __future__ import annotations

_EN_DO = (
    r"(?:refund|initiat|cancel|send|ship|call|contact|email|e-mail|mail|credit|replace|exchange|"
    r"process|"
    r"forward|escalat|issu|reset|unlock|updat|chang|delet|creat|open|clos|check|look|investigat|"
    r"arrang|reimburs|return|notif|inform|get back|reach out|follow up|repair|fix|take care|"
    r"handl|resolv|respond|repl|transfer|upgrad|extend|waiv|reserv|book|schedul|approv|add|"
    r"remov|appl|review|provid|give|pay|compensat|deliver|order|pass)\w*"
)
_EN_DID = rf"(?:{_EN_DO}ed|sent|made|gave|given|paid)"
_EN_THING = (
    r"(?:an? |the |some |out |off |over |in )?(?:full |partial |new |free )?(?:you|your|orders?|"
    r"refunds?|payments?|"
    r"account|request|ticket|replacement|subscription|return|parcel|package|credit|e-?mail|label)"
)
_DE_DID = (
    r"(?:storniert|erstattet|gesendet|verschickt|versendet|veranlasst|gelöscht|geändert|"
    r"weitergeleitet|zurückgesetzt|eingeleitet|erstellt|bestellt|geprüft|gutgeschrieben|"
    r"bearbeitet|aktualisiert|freigeschaltet|informiert|kontaktiert|ersetzt|gebucht|angelegt)"
)
_DE_DO = (
    r"(?:erstatt|send|schick|ruf|meld|kümmer|kontaktier|informier|überweis|prüf|stornier|leit|"
    r"ersetz|veranlass|schreib|benachrichtig|bearbeit|liefer|geb|lösch|buch|klär|regel|"
    r"erledig)(?:en?|n)"
)
_FR_DID = (
    r"(?:annulé|remboursé|envoyé|expédié|transmis|transféré|modifié|supprimé|créé|réinitialisé|"
    r"traité|contacté|informé|remplacé|crédité|vérifié|mis à jour|commandé|débloqué)\w*"
)
_ES_DID = (
    r"(?:cancelado|reembolsado|enviado|tramitado|transferido|modificado|eliminado|creado|"
    r"restablecido|procesado|contactado|informado|reemplazado|abonado|actualizado|anulado|"
    r"solicitado|escalado|devuelto|desbloqueado)"
)
_IT_DID = (
    r"(?:annullato|rimborsato|inviato|spedito|inoltrato|trasferito|modificato|eliminato|creato|"
    r"reimpostato|elaborato|contattato|informato|sostituito|accreditato|aggiornato|cancellato|"
    r"sbloccato)"
)
_NL_DID = (
    r"(?:geannuleerd|terugbetaald|verzonden|verstuurd|doorgestuurd|gewijzigd|verwijderd|"
    r"aangemaakt|gereset|verwerkt|gecontacteerd|vervangen|bijgewerkt|overgemaakt|ingediend|"
    r"gestuurd|gedeblokkeerd)"
)
_PT_DID = (
    r"(?:cancelad|reembolsad|enviad|encaminhad|transferid|modificad|alterad|eliminad|criad|"
    r"redefinid|processad|contactad|informad|substituíd|creditad|atualizad|anulad|devolvid)[oa]s?"
)

_EN_NOW = (
    rf"\b(?:i'm|i am)(?: now| currently| already| just)? (?:{_EN_DO}ing|going to|getting)\b"
    rf"|\b(?:we're|we are)(?: now| currently| already| just)? {_EN_DO}ing "
    rf"(?:{_EN_THING}|it|this|that)\b"
    rf"|\b(?:we're|we are)(?: now| currently| already| just)? (?:sending|issuing|processing)\b"
    rf"|\blet me {_EN_DO}|\bconsider it (?:done|solved)|\bleave (?:it|this|that) (?:to|"
    rf"with) (?:me|us)\b"
    r"|\byou(?:'re| are) (?:getting|going to (?:get|receive|be)|about to receive)\b"
    r"|\b(?:we|i)(?:'ll| will)\b[^.;]{0,60}\b(?:by|on|before|this|next) (?:mon|tues|wednes|thurs|"
    r"fri|satur|sun)day\b"
    r"|\b(?:one|some) of (?:our|my) \w+ (?:will|is going to|are going to)\b"
    r"|\b(?:someone|somebody)\b[^.;]{0,30}\b(?:will|is going to)\b"
    r"|\bi(?:'m| am) on (?:it|this)\b|\b(?:i|we) went ahead\b"
    r"|\b(?:i|we)(?:'ve| have)(?: already| just| now| also)? (?:\w+ed|sent|made|given|paid)\b"
    r"[^.;]{0,30}\b(?:to|for|with) you\b"
)

NEVER: dict[str, str] = {
    "en": _EN_NOW + r"|\bi(?:'ll|'m going to| will| am going to| shall| can| promise| guarantee)"
    rf"(?: also| now| gladly| happily| personally)? {_EN_DO}"
    rf"|\b(?:i|we)(?:'ve| have)(?: already| just| now| also|"
    rf" gone ahead and)? {_EN_DID} (?:{_EN_THING}|"
    r"it|this|that|everything)\b"
    rf"|\bi(?: already| just)? {_EN_DID} {_EN_THING}\b"
    r"|\bi (?:promise|guarantee)\b|\bwe (?:promise|guarantee) (?:that|you|to)\b"
    r"|\b(?:someone|somebody|(?:a|one of our|one of my|my) (?:colleagues?|managers?|supervisors?)|"
    r"an? (?:agent|representative|specialist|technician|person|member of)(?: [\w ]{0,25}?)?) "
    r"(?:will|is going to|shall)\b"
    rf"|\b(?:will|'ll|going to) (?:be )?[\w' ]{{0,60}}\b(?:today|tomorrow|tonight|"
    r"this (?:afternoon|evening|week)|next week|first thing|right away|in a moment)\b"
    r"|\byou (?:will|'ll) (?:get|receive|have|be called|be contacted|hear)\b[^.;]{0,60}"
    r"\b(?:today|tomorrow|tonight|this (?:afternoon|evening|week)|next week)\b",
    "de": rf"\bich habe (?:das|den|die|ihre?n?|deine?n?|es|alles)\b|\bich (?:habe|"
    rf"hab) [^.;]{{0,80}}\b{_DE_DID}|\bwir haben (?:ihn?en|dir|ihre?n?|sie|"
    rf"deine?n?)"
    rf"\b[^.;]{{0,80}}\b{_DE_DID}"
    rf"|\bich (?:werde|{_DE_DO})\b|\b(?:werde|{_DE_DO}) ich\b"
    r"|\b(?:ein|eine|einer|jemand)(?: unserer?| meiner?)? ?(?:kollegen?|kollegin|kolleginnen|"
    r"mitarbeiter\w*|mensch|agent\w*|berater\w*|techniker\w*|von uns|aus unserem team)? ?"
    r"(?:wird|meldet|ruft|kümmert|setzt|kontaktiert)\b"
    r"|\b(?:wird|werden)\b[^.;]{0,60}\b(?:heute|morgen|gleich|umgehend|noch diese woche)\b"
    r"|\b(?:ruft|rufen|meldet|melden|senden|schicken|erstatten)\b[^.;]{0,50}\b(?:heute|morgen|"
    r"gleich)\b|\b(?:versprechen|garantieren) (?:wir )?(?:ihnen|dir)\b"
    rf"|\bwir {_DE_DO} [^.;]{{0,40}}\b(?:umgehend|sofort|gerade|jetzt)\b",
    "fr": r"(?<![-\w])je (?:vous|te) \w+e\b|(?<![-\w])(?:je |j')(?:m'en |m'|vous |le |la |l'|te |"
    r"t'|en )*(?:occupe|procède|envoie|"
    r"annule|rembourse|transmets|vérifie|contacte|fais|regarde|traite|crédite|demande|règle)\b"
    rf"|\bj'ai (?:bien |déjà )?{_FR_DID}|\bnous (?:vous )?(?:l')?avons (?:bien |"
    rf"déjà )?{_FR_DID}"
    r"|\bje (?:vous |t'|te |m'|me |le |la |l'|les )*(?:vais|\w+(?:erai|irai|rai))\b"
    r"|\bun(?:e)? (?:de nos |de mes )?(?:coll[èe]gues?|conseill\w+|agents?|technicien\w*|"
    r"responsables?|personne)\b[^.;]{0,30}\b(?:va|\w+ra)\b|\bquelqu'un (?:va|vous \w+ra)\b"
    r"|\b(?:\w+(?:erons|irons|drons|ettrons|evrons|verrons)|allons|"
    r"\w+ra)\b[^.;]{0,50}\b(?:aujourd'hui|"
    r"demain|"
    r"tout de suite)\b|\b(?:nous|je) (?:vous )?(?:promet\w+|garantis\w+)\b",
    "es": r"\bme encargo\b|\b(?:nos encargamos|estamos \w+ndo) (?:de (?:ello|su|esto)|su|el|la)\b"
    rf"|\b(?:ya )?(?:le |te |lo |la )*(?:he|hemos) {_ES_DID}"
    r"|\b(?:le |te |lo |la |me )*(?:voy a|\w{3,}(?:aré|eré|iré))\b"
    r"|\bun[oa]?(?: de nuestros| de mis)? ?(?:compañer\w+|coleg\w+|agentes?|técnic\w+|asesor\w*|"
    r"persona|responsable)\b[^.;]{0,30}\b(?:va a|\w+(?:ará|erá|irá|ndrá))\b|\balguien (?:le |te |"
    r"se )*"
    r"(?:va a|\w+rá)\b|\b(?:\w+(?:remos|rá)|vamos a)\b[^.;]{0,50}\b(?:hoy|mañana|enseguida)\b"
    r"|\b(?:le|te) (?:prometemos|garantizamos|prometo|garantizo)\b",
    "it": r"\bme ne occupo\b|\bce ne occupiamo\b|\b(?:stiamo|sto) \w+ndo (?:il|la|l'|lo) ?\w+"
    rf"|\b(?:ho|abbiamo) (?:già )?{_IT_DID}"
    r"|\b(?:le |ti |la |lo |mi )*\w{3,}(?:erò|irò)\b"
    r"|\bun[ao']?(?: dei nostri| nostr[oa]| mi[oa])? ?(?:colleg\w+|operator\w+|agente|tecnic\w+|"
    r"addett\w+|"
    r"responsabile|persona)\b[^.;]{0,30}\b\w+(?:erà|irà)\b|\bqualcuno (?:la |ti |vi )*\w+rà\b"
    r"|\b\w+(?:remo|rà)\b[^.;]{0,50}\b(?:oggi|domani|subito)\b"
    r"|\b(?:le|ti) (?:promettiamo|garantiamo|prometto|garantisco)\b",
    "nl": r"\b(?:ik heb|we hebben|wij hebben) (?:uw|je|jouw|het|de|dit|u)\b[^.;]{0,60}\b"
    r"(?:\w*ge\w{2,}(?:d|t|en)|(?:ver|ont|be)\w+(?:d|t|en))\b"
    r"|\b(?:we|wij|ik) (?:regelen|regel) (?:dit|het|dat|uw)\b"
    rf"|\b(?:ik heb|we hebben|wij hebben) [^.;]{{0,60}}\b{_NL_DID}"
    r"|\bik (?:zal|ga|stuur|bel|regel|controleer|annuleer|betaal|neem)\b|\b(?:zal|ga) ik\b"
    r"|\b(?:een|één)(?: van onze| van mijn)? ?(?:collega\w*|medewerkers?|agent|specialist|"
    r"monteur|persoon)\b[^.;]{0,20}\b(?:zal|gaat|neemt|belt)\b|\biemand (?:zal|gaat|neemt|belt)\b"
    r"|\b(?:zullen|zal|gaan|bellen|sturen)\b[^.;]{0,50}\b(?:vandaag|morgen|meteen)\b"
    r"|\b(?:wij|we|ik) (?:beloven|garanderen|beloof|garandeer) (?:u|je)\b",
    "pt": r"\bjá (?:tratei|trat[aá]mos|resolvi|resolvemos|fiz|fizemos)\b|\b(?:estamos|estou) "
    r"(?:a \w+r|\w+ndo) (?:o|a) \w+|\b(?:já )?(?:cancelei|reembolsei|enviei|encaminhei|alterei|"
    r"cancelámos|reembolsámos|"
    r"cancelamos o seu|enviámos|encaminhámos)\b|\btemos? {_PT_DID}"
    r"|\b(?:eu )?(?:vou|irei|\w{3,}(?:arei|erei|irei))\b"
    r"|\bum[a]?(?: dos nossos| das nossas)? ?(?:coleg\w+|agente|atendente|técnic\w+|funcionári\w+|"
    r"responsável|pessoa)\b[^.;]{0,30}\b(?:vai|irá|\w+(?:ará|erá|irá))\b|\balguém (?:vai|irá|"
    r"\w+rá)\b"
    r"|\b(?:\w+(?:remos|rá)|vamos|vai)\b[^.;]{0,50}\b(?:hoje|amanhã|imediatamente)\b"
    r"|\b(?:lhe )?(?:prometemos|garantimos-lhe|prometo|garanto)\b",
}

RULE: dict[str, str] = {
    "en": r"\b(?:we|our (?:\w+ )?(?:team|manager|supervisor|technicians?|engineers?|support|"
    r"staff|agents?|experts?|specialists?|department)|"
    r"(?:customer )?support|the (?:\w+ )?team)(?:'ll| will| are going to| is going to| shall)"
    rf"(?: also| then| gladly| happily| personally| be)* (?:{_EN_DO}|get|make|do|see|sort|work|"
    rf"try)\b"
    r"|\byou(?:'ll| will) (?:be (?:refunded|reimbursed|contacted|called|notified|compensated|"
    r"credited)|(?:get|receive) (?:a|an|your|the) (?:full )?(?:refund|replacement|call|credit|"
    r"new|voucher|money))",
    "de": rf"\bwir (?:werden|{_DE_DO}) (?:\w+ )?(?:ihnen|dir|sie|dich|ihre?n?|deine?n?|uns)\b"
    rf"|\b(?:werden|{_DE_DO}) wir (?:ihnen|dir|sie|dich|ihre?n?|deine?n?|uns)\b"
    r"|\bunser (?:team|support|kundenservice|kundendienst) (?:wird|meldet|kontaktiert|ruft)\b"
    r"|\bsie (?:erhalten|bekommen) (?:ihr geld|eine? (?:volle )?(?:erstattung|rückerstattung|"
    r"ersatz\w*|gutschrift|anruf))",
    "fr": r"\bnous (?:vous |le |la |l'|les |en )*(?:allons|procédons|\w+(?:erons|irons|drons|"
    r"ettrons|evrons))\b"
    r"|\bnotre (?:équipe|service|support)\b[^.;]{0,25}\b(?:va|\w+ra)\b"
    r"|\bvous (?:serez (?:remboursé|contacté|rappelé)\w*|recevrez (?:un|une|votre) "
    r"(?:remboursement|remplacement|avoir|appel))",
    "es": r"\b(?:le |te |lo |la |les |os |se )*(?:vamos a|\w{3,}(?:aremos|eremos|iremos))\b"
    r"|\bnuestro (?:equipo|servicio|soporte)\b[^.;]{0,25}\b(?:va a|\w+(?:ará|erá|irá|ndrá))\b"
    r"|\b(?:recibirá|recibirás|obtendrá) (?:un|una|el|su) (?:reembolso|reemplazo|abono|llamada)",
    "it": r"\b(?:le |ti |la |lo |vi |si )*\w{3,}(?:eremo|iremo)\b|\bprovvederemo\b"
    r"|\bil nostro (?:team|servizio|supporto)\b[^.;]{0,25}\b\w+(?:erà|irà)\b"
    r"|\b(?:riceverà|riceverai) (?:un|una|il|l') ?(?:rimborso|sostituzione|accredito|chiamata)",
    "nl": r"\b(?:wij|we) (?:zullen|gaan|sturen|bellen|betalen|storten|nemen) (?:u|je|uw|contact|"
    r"het|de|dit)\b|\b(?:zullen|gaan|sturen|bellen|betalen) (?:wij|we)\b"
    r"|\bons? (?:team|support|klantenservice)\b[^.;]{0,25}\b(?:zal|gaat|neemt|belt)\b"
    r"|\b(?:u|je) (?:krijgt|ontvangt) (?:een|uw|je) (?:terugbetaling|vervanging|geld|telefoontje)",
    "pt": r"\b(?:nós )?(?:vamos|iremos|\w{3,}(?:aremos|eremos|iremos))\b"
    r"|\b(?:a nossa equipa|a nossa equipe|nossa equipe|o nosso (?:serviço|suporte))\b[^.;]{0,25}"
    r"\b(?:vai|irá|\w+(?:ará|erá|irá))\b"
    r"|\b(?:receberá|receberás|irá receber) (?:um|uma|o|o seu) (?:reembolso|substituição|crédito|"
    r"chamada)",
}

OWN_CASE: dict[str, str] = {
    "en": r"\byour \w+ (?:was|were|has been|have been)(?: already| just| now)? (?:\w+ed|sent|"
    r"paid|lost)\b|"
    r"\byour (?:\w+ )?(?:money|refund|order|parcel|package|replacement|payment) (?:is|are) "
    r"(?:coming|going|moving)\b|"
    rf"\b(?:the|a|an|this) (?:full |partial )?(?:refund|replacement|cancellation|return|"
    rf"payment)"
    rf"(?: (?:to|for|of) your \w+)? (?:has|have) been {_EN_DID}|"
    r"\byour [\w ]{2,30} will [\w ]{2,30}\b(?:on|by) (?:mon|tues|wednes|thurs|fri|satur|sun)day|"
    r"\byour (?:\w+ )?(?:order|orders|account|refund|package|parcel|shipment|delivery|"
    r"payment|subscription|ticket|request|return|claim|replacement|money|invoice|item|case)"
    r"(?: (?:#?\d[\w-]*|no\. ?\w+))? (?:has|have|had|was|were|(?:is|are) (?:now |already |"
    r"currently "
    r"|still )?(?:on (?:its|the|their) way|being|in transit|shipped|delivered|cancell?ed|approved|"
    r"confirmed|delayed|blocked|locked|suspended|closed|active|lost|ready|overdue|arriving|"
    r"in process|pending|complete|eligible|refunded|out for delivery)"
    r"|(?:shipped|arrived|left|went)\b|will (?:arrive|be \w+)[^.;]{0,20} (?:today|tomorrow|tonight|"
    r"on (?:mon|tues|wednes|thurs|fri|satur|sun)day))",
    "de": r"\b(?:ihre?|deine?) \w+ wurden?(?: bereits| schon| gerade)? \w+(?:t|en)\b|"
    rf"\bdie (?:rück)?(?:erstattung|sendung|zahlung|stornierung) (?:wurde|"
    rf"ist) [^.;]{{0,30}}{_DE_DID}|"
    r"\b(?:ihre?n?|deine?n?) \w+ [^.;]{0,40}\b(?:heute|morgen)\b|"
    r"\b(?:ihre?|deine?) (?:\w+ )?(?:bestellung|konto|erstattung|rückerstattung|paket|"
    r"sendung|"
    r"lieferung|zahlung|abo|abonnement|ticket|anfrage|retoure|rücksendung|ersatz\w*|geld|"
    r"rechnung|artikel)\b[^.;,]{0,12} (?:wurde|wurden|ist (?:jetzt |bereits |derzeit |schon )?"
    r"(?:unterwegs|versandt|versendet|storniert|eingegangen|gesperrt|verspätet|aktiv|bestätigt|"
    r"genehmigt|auf dem weg|in bearbeitung|verloren|da|bereit|abgeschlossen|geschlossen)|"
    r"wird (?:gerade|derzeit|heute|morgen)|hat )",
    "fr": r"\b(?:le|un) remboursement a (?:bien |déjà )?été \w+|"
    r"\bvotre \w+ [^.;]{0,40}\b(?:aujourd'hui|demain)\b|"
    r"\bvotre (?:\w+ )?(?:commande|compte|remboursement|colis|livraison|paiement|abonnement|"
    r"ticket|demande|retour|facture|article|dossier)\b[^.;,]{0,12} (?:a (?:bien |déjà )?été|"
    r"a (?:bien |"
    r"déjà )?\w+é|est (?:maintenant |déjà |actuellement )?(?:en (?:cours|route|chemin|attente|"
    r"transit)|expédiée?|livrée?|annulée?|confirmée?|bloquée?|suspendue?|retardée?|active?|"
    r"arrivée?))",
    "es": r"\bsu \w+ [^.;]{0,40}\b(?:hoy|(?<!la )mañana)\b|\bel reembolso ha sido \w+|"
    r"\bs?t?u (?:pedido|cuenta|reembolso|paquete|envío|pago|suscripción|ticket|solicitud|"
    r"devolución|factura|artículo|caso|entrega)\b[^.;,]{0,12} (?:ha sido|ha \w+[aei]do|fue|"
    r"(?:ya )?est[áa] (?:en (?:camino|curso|tránsito|proceso)|enviad\w|cancelad\w|bloquead\w|"
    r"confirmad\w|retrasad\w|siendo|activ\w|suspendid\w))",
    "it": r"\b(?:suo|sua|tuo|tua) \w+ [^.;]{0,40}\b(?:oggi|domani)\b|\bil rimborso è stato \w+|"
    r"\bil (?:suo|tuo) (?:ordine|account|conto|rimborso|pacco|pagamento|abbonamento|ticket|"
    r"reso|"
    r"articolo|caso)\b[^.;,]{0,12} (?:è (?:stato|in (?:arrivo|corso|transito|viaggio|elaborazione)|"
    r"partito|spedito|annullato|bloccato|sospeso|arrivato)|ha )"
    r"|\bla (?:sua|tua) (?:spedizione|consegna|richiesta|fattura|"
    r"pratica)\b[^.;,]{0,12} (?:è (?:stata|"
    r"in (?:arrivo|corso|transito|viaggio))|ha )",
    "nl": r"\b(?:uw|je|jouw) \w+ [^.;]{0,40}\b(?:vandaag|morgen)\b|\bde terugbetaling is \w+|"
    r"\b(?:uw|je|jouw) (?:bestelling|account|terugbetaling|pakket|zending|betaling|"
    r"abonnement|ticket|aanvraag|retour|factuur|artikel|levering)\b[^.;,]{0,12} (?:werd|is "
    r"(?:nu |al |inmiddels |momenteel )?(?:onderweg|verzonden|bezorgd|geannuleerd|geblokkeerd|"
    r"bevestigd|goedgekeurd|vertraagd|actief|verwerkt|afgesloten|terugbetaald|aangekomen)|heeft )",
    "pt": r"\b(?:seu|sua|teu|tua) \w+ [^.;]{0,40}\b(?:hoje|amanhã)\b|\bo reembolso foi \w+|"
    r"\b(?:o seu|a sua|seu|sua|o teu|a tua) (?:pedido|encomenda|conta|reembolso|pacote|envio|"
    r"pagamento|assinatura|subscrição|ticket|solicitação|devolução|fatura|artigo|entrega|caso)\b"
    r"[^.;,]{0,12} (?:foi|já foi|est[áa] (?:a caminho|em (?:curso|trânsito|processamento)|enviad\w|"
    r"cancelad\w|bloquead\w|confirmad\w|atrasad\w|sendo|ativ\w|suspens\w))",
}

SPEAKING: dict[str, str] = {
    "en": r"(?<![\w-])(?:i|we|someone|somebody|on it)\b|\b(?:our|the) (?:\w+ )?(?:team|manager|"
    r"agents?|"
    r"colleagues?|staff) (?:is|are|was|has|have|will|can|just)\b"
    r"|\byour (?:\w+ ){1,2}(?:is|are|was|were|has|have)\b",
    "de": r"\b(?:ich|wir)\b|\bsie (?:hören|bekommen|erhalten)\b"
    r"|\b(?:ihre?|deine?) \w+ (?:ist|sind|wurde|wurden|hat|wird)\b",
    "fr": r"(?<![\w-])(?:je|nous|on)\b|(?<!\w)j'|\b(?:votre|vos) \w+ (?:est|sont|a|ont|sera)\b",
    "es": r"\bnosotros\b|\b(?:he|voy|estoy|hemos|\w{2,}(?:amos|emos|imos))\b"
    r"|\b(?:su|tu) \w+ (?:es|está|ha|fue|será)\b",
    "it": r"\bnoi\b|\b(?:ho|sto|vado|abbiamo|\w{2,}(?:iamo|remo|erò|irò))\b|\b(?:le|la|ti) \w+o\b"
    r"|\b(?:suo|sua|tuo|tua) \w+ (?:è|ha|sarà)\b",
    "nl": r"\b(?:ik|we|wij)\b|\b(?:uw|je|jouw) \w+ (?:is|zijn|werd|heeft|wordt)\b",
    "pt": r"\b(?:eu|nós)\b|\b(?:vou|estou|temos|\w{2,}(?:amos|ámos|emos|imos))\b"
    r"|\b(?:seu|sua|teu|tua) \w+ (?:é|está|foi|será|tem)\b",
}
