# Todas las palabras de la consola, en español de los Estados Unidos. Las claves son las mismas que en inglés; una prueba lo vigila.

## Alrededor de cada página
skip = Ir al contenido
menu = Menú
menu-work = Trabajo
menu-proof = Pruebas
menu-set-up = Configuración
menu-today = Hoy
menu-practices = Consultorios
menu-findings = Hallazgos
menu-devices = Computadoras
menu-alerts = Alertas
menu-approvals = Aprobaciones
menu-reports = Informes
menu-audit = Registro de auditoría
menu-tokens = Agregar una computadora
menu-settings = Ajustes
note = Nota
waiting = pendientes
log-out = Cerrar sesión
theme = Claro u oscuro
theme-auto = Auto
theme-light = Claro
theme-dark = Oscuro
display-link = Idioma y apariencia
display-lead = Cómo se ve esta consola en este navegador. Se guarda aquí en una cookie y no cambia nada para los demás.
display-language = Idioma
display-zone = Zona horaria
display-saved = Guardado en este navegador
search-label = Buscar consultorios, computadoras y hallazgos
search-hint = Buscar
search-do = Buscar
footer = Enamel { $version }. Las horas están en { $zone }.
demo-strip = Estos consultorios son inventados. Explore con confianza: aquí nada es real y nada de lo que haga llega a una computadora.
read-only-strip = El servidor no acepta cambios en este momento. Lo que ve está completo; los formularios volverán a funcionar más tarde.
crumbs = Dónde está
next-page = Página siguiente
show = Mostrar
clear = Quitar el filtro
save = Guardar
never = nunca
not-known = aún no se sabe
of = { $part } de { $whole }
range = { $low } a { $high }
looked = Revisado
not-looked = Todavía no se ha revisado nada
as-table = Como tabla
how = Cómo hacerlo
see-evidence = Ver la evidencia
see-findings = Ver los hallazgos
takes = requiere unos { $minutes }
until-day = hasta el { $day }
counts-until = vale hasta el { $day }
once-only = Esto se muestra una sola vez. Aquí no se guarda en forma legible.
nothing-matches = Nada coincide
nothing-matches-text = Ningún elemento cumple este filtro. Elija menos condiciones o quite el filtro.
mail-address = Correo electrónico

## Cifras y fechas
date = { $day } de { $month } de { $year }
moment = { $date }, { $time } { $zone }
month-january = enero
month-february = febrero
month-march = marzo
month-april = abril
month-may = mayo
month-june = junio
month-july = julio
month-august = agosto
month-september = septiembre
month-october = octubre
month-november = noviembre
month-december = diciembre
just-now = hace un momento
soon = en menos de un minuto
minutes-ago = { $count ->
    [one] hace { $count } minuto
   *[other] hace { $count } minutos
}
hours-ago = { $count ->
    [one] hace { $count } hora
   *[other] hace { $count } horas
}
days-ago = { $count ->
    [one] hace { $count } día
   *[other] hace { $count } días
}
months-ago = { $count ->
    [one] hace { $count } mes
   *[other] hace { $count } meses
}
years-ago = { $count ->
    [one] hace { $count } año
   *[other] hace { $count } años
}
in-minutes = { $count ->
    [one] dentro de { $count } minuto
   *[other] dentro de { $count } minutos
}
in-hours = { $count ->
    [one] dentro de { $count } hora
   *[other] dentro de { $count } horas
}
in-days = { $count ->
    [one] dentro de { $count } día
   *[other] dentro de { $count } días
}
in-months = { $count ->
    [one] dentro de { $count } mes
   *[other] dentro de { $count } meses
}
in-years = { $count ->
    [one] dentro de { $count } año
   *[other] dentro de { $count } años
}
n-computers = { $count ->
    [one] { $count } computadora
   *[other] { $count } computadoras
}
n-files = { $count ->
    [one] { $count } archivo
   *[other] { $count } archivos
}
n-silent = { $count ->
    [one] { $count } sin contacto
   *[other] { $count } sin contacto
}

## Gravedad y estado
severity-critical = Crítico
severity-high = Alto
severity-medium = Medio
severity-low = Bajo
severity-informational = Informativo
urgency-critical = corregir hoy
urgency-high = corregir esta semana
urgency-medium = corregir este trimestre
urgency-low = corregir cuando esté allí
urgency-informational = conviene saberlo
state-open = Abierto
state-reopened = Ha vuelto
state-stale = Demasiado antiguo
state-accepted = Aceptado
state-resolved = Resuelto
control-met = Se cumple
control-partly = Se cumple en parte
control-not-met = No se cumple
control-unknown = No se sabe
grounds-measured = medido
grounds-stated = declarado por una persona
grounds-declined = decidido, no se hace aquí
evidence-for = A favor
evidence-against = En contra
evidence-unseen = No se pudo ver
agent-well = En contacto
agent-silent = Sin contacto
agent-isolated = Red cerrada
agent-damaged = Requiere atención
agent-ended = Terminado
none-open = ninguno abierto
class-safe = Segura: solo mira o añade una copia de seguridad. Una firma
class-disruptive = Interrumpe: detiene el trabajo y se puede deshacer. Una firma
class-dangerous = Peligrosa: podría destruir. Dos firmas, una hora de espera, y el consultorio puede rechazarla
role-owner = Propietario
role-engineer = Ingeniero
role-analyst = Analista
role-trainer = Capacitador
role-billing = Facturación
role-read-only = Solo lectura
role-practice-manager = Gerente del consultorio
role-auditor = Auditor
kind-ssn = números de Seguro Social
kind-pan = números de tarjeta
kind-dob = fechas de nacimiento
kind-name = nombres
kind-phone = teléfonos
kind-email = correos electrónicos
kind-mrn = números de expediente
kind-member-id = números de afiliado al seguro

## Columnas
col-need = Qué le necesita
col-practice = Consultorio
col-time = Su tiempo
col-saves = Ahorra al año
col-since = Desde
col-next = Siguiente paso
col-expected = Pérdida anual esperada
col-open = Hallazgos abiertos
col-people = Datos de personas
col-computers = Computadoras
col-seen = Última evidencia
col-finding = Hallazgo
col-computer = Computadora
col-severity = Gravedad
col-where = Dónde
col-state = Estado
col-first = Visto por primera vez
col-last = Visto por última vez
col-rule = Regla
col-folder = Carpeta
col-kinds = Tipos de datos
col-readable = Abierta a otros
col-evidence = Evidencia
col-control = Salvaguarda
col-why = Por qué
col-evidence-age = Antigüedad de la evidencia
col-system = Sistema
col-agent = Agente
col-contact = Último contacto
col-by = Aceptado por
col-until = Hasta
col-scenario = Cómo ocurre
col-mean = Año promedio
col-range = Entre
col-day = Día
col-loss = Un año que cuesta
col-chance = Probabilidad
col-command = Orden
col-outcome = Qué pasó con ella
col-when = Cuándo
col-alert = Alerta
col-sent = Enviada a
col-taken = Atendida por
col-report = Informe
col-root = Raíz del libro
col-number = N.º
col-who = Quién
col-deed = Qué
col-object = Sobre qué
col-hash = Huella
col-made = Creado
col-used-by = Usado por
col-roles = Rol
col-passkeys = Llaves de acceso
col-last-here = Última visita
col-used = Último uso

## Hoy
today-lead = { $count ->
    [one] Una cosa le necesita.
   *[other] { $count } cosas le necesitan.
}
today-worth = Unos { $minutes } de trabajo reducen la pérdida anual esperada en { $saves }.
today-caption = Primero lo que más vale: por pérdida esperada que se evita con cada minuto de su tiempo
today-empty = Nada le necesita
today-empty-text = Se revisaron todos los consultorios. La última comprobación fue el { $at }.
today-never = La primera comprobación se hará en cuanto una computadora haya enviado algo.
stat-practices = consultorios
stat-calm = sin nada pendiente
stat-computers = computadoras
stat-silent = agentes sin contacto
stat-expected = pérdida anual esperada, todos los consultorios
need-silent = { $computer } dejó de comunicarse
need-silent-note = Sus salvaguardas dirán «no se sabe» hasta que vuelva a hablar
need-held = { $verb } espera su hora: { $computer }
need-held-note = Se ejecutará por sí sola si nadie la rechaza
need-gap = { $count ->
    [one] Falta { $count } registro de { $computer }
   *[other] Faltan { $count } registros de { $computer }
}
need-gap-note = Se perdió evidencia en el camino. Averigüe por qué antes de confiar en ella
need-fork = Dos computadoras hablan como { $computer }
need-fork-note = Una copia de su disco, o un disco restaurado. Inscríbala de nuevo para distinguirlas
need-acceptance = Un riesgo aceptado vuelve a contar después del { $day }
need-stale = { $count ->
    [one] { $count } salvaguarda no tiene evidencia reciente
   *[other] { $count } salvaguardas no tienen evidencia reciente
}
need-stale-note = Nadie puede decir si se cumplen
need-certificate = El certificado de { $computer } termina el { $day }
need-certificate-note = Se renueva solo mientras la computadora está en contacto. Averigüe por qué no lo hace
need-held-back = { $count ->
    [one] { $count } orden está retenida
   *[other] { $count } órdenes están retenidas
}
need-held-back-note = Se enviaron muchas a la vez. Es tan raro que conviene detenerse y mirar
need-backups = Nadie sabe si hay copias de seguridad
need-backups-note = Averígüelo y declárelo, o deje que un sensor lo vea
need-no-computer = Todavía no hay ninguna computadora bajo vigilancia
need-no-computer-note = Pegue una línea en una computadora de allí y sus primeros hallazgos aparecerán en minutos
do-fix = Corregir
do-check-computer = Revisar
do-decide = Decidir
do-look = Investigar
do-renew = Decidir de nuevo
do-refresh = Ver cuáles
do-enrol = Agregar una computadora
do-add-practice = Agregar un consultorio
do-report = Crear un informe
filter-group = Grupo
filter-practice = Consultorio
filter-contact = Contacto
filter-name = Nombre
filter-severity = Gravedad
filter-state = Estado
filter-age = Visto por primera vez
filter-rule = Regla
filter-alerts = Mostrar alertas
filter-deed = Qué se hizo
filter-who = Por quién
all-groups = Todos los grupos
all-practices = Todos los consultorios
all-contacts = Cualquiera
all-severities = Cualquiera
all-states = Cualquiera
all-ages = En cualquier momento
all-rules = Todas las reglas
all-deeds = Cualquier cosa
age-week = en los últimos 7 días
age-month = en los últimos 30 días
age-older = hace más de 30 días

## Consultorios
practices-caption = { $count ->
    [one] { $count } consultorio, por pérdida anual esperada
   *[other] { $count } consultorios, primero los de mayor pérdida
}
empty-practices = Bienvenido. Empiece con un consultorio
empty-practices-text = Un consultorio es una oficina dental, o varias de un mismo dueño. Todo lo que Enamel encuentra pertenece a uno.
empty-practices-1 = Agregue un consultorio: basta con su nombre.
empty-practices-2 = Agregue una de sus computadoras: recibirá una línea para pegar allí, válida para un solo uso.
empty-practices-3 = En minutos verá aquí sus primeros hallazgos y qué conviene corregir primero.
empty-computers = Todavía no hay ninguna computadora bajo vigilancia
empty-computers-text = Cree un código para este consultorio y pegue una línea en la computadora, como administrador. Se ve así:
empty-computers-then = Su configuración aparece en minutos; los datos de pacientes, después de la primera noche. El agente no abre ninguna puerta: solo llama a este servidor.
stat-mean = pérdida esperada en un año promedio
stat-range = Entre { $low } y { $high }, según los supuestos
stat-one-in-ten = o más en 1 de cada 10 años
stat-any-loss = Probabilidad de un año con alguna pérdida: { $chance }
stat-people = personas cuyos datos se encontraron
stat-people-range = Entre { $low } y { $high }
stat-controls = salvaguardas cumplidas
stat-controls-unknown = { $count ->
    [one] { $count } no se sabe
   *[other] { $count } no se saben
}
stat-open = hallazgos abiertos
plan-heading = Qué corregir primero
plan-lead = En este orden, cada hora de trabajo reduce más la pérdida esperada.
plan-empty = No hay nada aquí que una corrección abarate. Mire lo que no se sabe: ahí se esconde el próximo hallazgo.
saves-a-year = ahorra { $saves } al año
risk-heading = Lo que puede costar
trend-title = Pérdida esperada en 12 meses
trend-desc = Una línea con la pérdida esperada de un año promedio, calculada cada mes, y el margen del que depende. La tabla de abajo tiene las mismas cifras.
trend-caption = La línea es el año promedio; la banda muestra cuánto se mueve con los supuestos.
trend-empty = La tendencia aparece con el segundo mes.
curve-title = ¿Qué tan probable es un año caro?
curve-desc = Una curva que baja: cuanto más caro el año, menos probable. La tabla de abajo tiene las mismas cifras.
curve-axis = Lo que cuesta el año
curve-caption = Se lee así: la probabilidad de que un año cueste al menos esa cantidad.
one-in-ten = 1 de cada 10 años
or-more = { $loss } o más
scenarios-caption = De qué se compone el año promedio
worst-heading = Los hallazgos más graves
worst-empty = No hay hallazgos abiertos.
all-findings = { $count ->
    [one] Ver el único hallazgo abierto
   *[other] Ver los { $count } hallazgos abiertos
}
data-heading = Dónde están los datos de pacientes
data-lead = Se encontraron datos de { $people } personas en { $places ->
    [one] { $places } carpeta.
   *[other] { $places } carpetas.
}
data-not-searched = { $count ->
    [one] No se pudo abrir { $count } archivo.
   *[other] No se pudieron abrir { $count } archivos.
}
data-empty = Todavía no se encontró ninguno. La búsqueda se hace de noche e informa por la mañana.
readable-yes = Sí
readable-no = No
controls-heading = Las salvaguardas que pide la ley
controls-lead = Las enumera la Regla de Seguridad de HIPAA. La evidencia antigua o ausente dice «no se sabe», nunca «se cumple».
controls-empty = Aparecen con la primera evidencia.
tally-met = Se cumplen: { $count }
tally-partly = Se cumplen en parte: { $count }
tally-not-met = No se cumplen: { $count }
tally-unknown = No se sabe: { $count }
no-evidence = ninguna
agents-heading = Las computadoras y sus agentes
accepted-heading = Riesgos que alguien aceptó
accepted-lead = Una aceptación termina por sí sola. Después, el hallazgo vuelve a contar como abierto.
ends-soon = termina pronto
held-heading = Esperan su hora

## Computadoras y hallazgos
devices-caption = { $count ->
    [one] { $count } computadora
   *[other] { $count } computadoras
}
findings-caption = { $count ->
    [one] { $count } hallazgo
   *[other] { $count } hallazgos, primero los más graves
}
empty-findings = Todavía no hay hallazgos
empty-findings-text = Aparecen minutos después de agregar la primera computadora: cómo está configurada, qué programas están desactualizados, dónde hay datos de pacientes.
only-computer = Solo { $computer }
finding-why = Por qué importa
finding-people = { $count ->
    [one] Deja expuestos los datos de { $count } persona.
   *[other] Deja expuestos los datos de { $count } personas.
}
finding-fix = Qué hacer
finding-after-fix = Al terminar no hay nada que marcar: la próxima revisión de la computadora verá que ya no está y lo dirá aquí.
finding-seen = Qué se vio
finding-subject = Dónde exactamente
finding-controls = Va en contra de
finding-history = Historia
event-first-seen = Visto por primera vez
event-last-seen = Visto por última vez
event-resolved = Se buscó de nuevo y ya no está
event-reopened = Ha vuelto
event-accepted = Aceptado por
accepted-now = Este riesgo está aceptado
accepted-by = { $person } lo aceptó el { $made }. Vuelve a contar como abierto después del { $until }.
accept-heading = Aceptar este riesgo por ahora
accept-law = La ley (45 CFR 164.306 y 164.308) pide reducir los riesgos a un nivel razonable y escribir el porqué cuando no se hace. Escríbalo de modo que quien le audite el próximo año lo entienda sin usted.
accept-figures = Sigue contando en las cifras de pérdida: aceptar un riesgo no es acabar con él.
accept-reason = Por qué no corregirlo ahora
accept-reason-hint = Qué lo impide. Por ejemplo: «El programa de rayos X solo funciona en Windows 7; el fabricante promete una actualización para marzo».
accept-compensating = Qué se hace en su lugar
accept-compensating-hint = La otra medida que mantiene pequeño el riesgo (un «control compensatorio»). Por ejemplo: «Esa computadora no tiene internet ni correo».
accept-person = Quién lo acepta
accept-person-hint = Nombre y cargo de la persona del consultorio que puede decidirlo.
accept-until = Hasta cuándo
accept-until-hint = Un año como máximo. Después de ese día vuelve a contar como abierto.
accept-wrong-reason = Diga por qué, con una frase de al menos diez letras.
accept-wrong-person = Indique la persona y su cargo.
accept-wrong-until = Elija un día entre mañana y dentro de un año.
accept-done = El riesgo queda aceptado hasta el día que eligió. La decisión se guarda como evidencia.
do-accept = Aceptar el riesgo
form-wrong = Todavía no se guardó. Abajo está marcado lo que falta.

## Evidencia
evidence-title = Evidencia n.º { $seq }
evidence-lead = Una mirada a una computadora. Toda cifra de Enamel se apoya en registros como este, y nadie puede cambiarlos sin que se note.
evidence-facts = El registro
evidence-scope = Qué se miró
evidence-observed = Visto
evidence-received = Recibido aquí
evidence-until = Vale hasta
evidence-sensor = Sensor
evidence-version = { $sensor }, Enamel { $version }
counts = todavía vale
counts-no-more = demasiado antiguo para valer
evidence-says = Qué se deduce
evidence-gaps = Qué no se pudo ver
evidence-body = Lo que se vio, palabra por palabra
evidence-cut = Abreviado para esta página; la exportación lo tiene todo.
evidence-chain = Su lugar en la cadena
evidence-chain-text = Cada registro lleva la huella del anterior: un resumen de su contenido. Si se cambia una letra en cualquier parte, todas las huellas siguientes son otras.
evidence-place = Lugar
evidence-place-text = Número { $seq } del consultorio, número { $agent } de su agente
evidence-hash = Huella (blake3)
evidence-prev = Huella del registro anterior
evidence-id = Identificador
chain-whole = Cadena comprobada: íntegra
chain-broken = Cadena rota
evidence-check = Compruébelo usted mismo
evidence-check-1 = Exporte la evidencia del consultorio en el servidor:
evidence-check-2 = Deje que otra computadora calcule de nuevo cada huella:
evidence-check-3 = Compare la última huella con la raíz del libro en el informe mensual del consultorio. Ese informe salió hace tiempo; ya nadie puede cambiarlo.

## Aprobaciones
approvals-lead = Lo que Enamel puede hacer en una computadora del consultorio lo firman personas, nunca este servidor. Las órdenes peligrosas esperan una hora para que el consultorio pueda rechazarlas.
approvals-empty = No hay nada en espera
approvals-empty-text = Aquí aparecen las órdenes que requieren dos firmas o que esperan su hora.
held-title = { $verb }: { $computer }
held-signed = Firmada
held-due = Se ejecuta
held-not-yet = no antes de que se firme
held-expires = Vence sin usar
held-why = Por qué la rechaza
do-refuse = Rechazar
do-new-command = Pedir una orden
send-heading = Entregar una orden firmada
send-text = El servidor comprueba las firmas y la transmite. El agente las comprueba de nuevo por su cuenta.
send-label = La orden firmada
send-hint = El texto que escribió «enamel sign», completo.
do-send = Transmitir
past-heading = Órdenes anteriores
past-empty = Todavía ninguna.
outcome-held = En espera
outcome-done = Hecha
outcome-failed = Falló
outcome-refused = Rechazada por el agente
outcome-vetoed = Rechazada por el consultorio
outcome-sent = En camino
outcome-expired = Venció sin usar
verb-collect = Revisar ahora
verb-snapshot = Hacer copia ahora
verb-isolate = Cerrar la red
verb-release = Abrir la red
verb-restore-aside = Restaurar junto a los datos
verb-restore-in-place = Restaurar sobre los datos
verb-update = Actualizar el agente
verb-uninstall = Quitar el agente
verb-other = Otra orden
new-command-lead = Recibirá un archivo para firmar con su propia llave. Este servidor no tiene llave y no puede firmar.
new-command-verb = Qué debe hacer
new-command-detail = Detalles, si los necesita
new-command-detail-hint = Horas para cerrar la red, de 1 a 24. O el identificador completo de la copia. O la versión y su SHA-256.
new-command-reason = Por qué
new-command-reason-hint = Una frase. El consultorio la leerá.
new-command-next = Qué pasa después
new-command-1 = Descarga la orden sin firmar. Vale 24 horas y solo para esta computadora.
new-command-2 = La firma donde tiene su llave. Si es peligrosa, también firma un colega.
new-command-3 = Pega el texto firmado en Aprobaciones.
new-command-4 = Las peligrosas esperan una hora. El consultorio las ve y puede rechazarlas.
new-command-wrong = Elija una computadora y qué hacer, y diga por qué. Revise los detalles.
do-download = Descargar para firmar
refuse-done = Rechazada. El agente no la ejecutará.
send-done = Transmitida. El agente comprueba las firmas y responde.
send-wrong = No se transmitió: no es una orden para una computadora de aquí, o sus firmas no son válidas.

## Auditoría, alertas, informes
audit-lead = Quién hizo qué. Cada registro lleva la huella del anterior, de modo que ninguno se puede cambiar ni omitir sin que se note.
audit-caption = { $count ->
    [one] { $count } registro, primero el más reciente
   *[other] { $count } registros, primero el más reciente
}
audit-empty = Ningún registro cumple este filtro.
audit-head = Huella del último registro:
alerts-caption = { $count ->
    [0] Ninguna espera a nadie
    [one] { $count } espera a alguien
   *[other] { $count } esperan a alguien
}
alerts-empty = Ninguna alerta
alerts-empty-text = No hay nada de lo que se haya avisado a alguien. En Ajustes está a quién se avisa de qué.
alerts-waiting = que esperan a alguien
alerts-taken = que alguien atendió
alerts-all = todas
alert-ended = terminó por sí sola
seen-times = { $count ->
    [one] vista una vez
   *[other] vista { $count } veces
}
sent-nowhere = nadie
taken-nobody = nadie todavía
do-take = Atender
take-done = Es suya. No se avisará otra vez a nadie más.
reports-lead = En palabras sencillas, con el nombre de usted. Cada cifra de un informe lleva a la evidencia en que se apoya.
reports-made = Hechos hasta ahora
reports-empty = Un informe se hace con la evidencia del momento en que lo pide y se abre enseguida. Desde allí puede imprimirlo o guardarlo.
reports-make = Crear uno ahora
reports-kind = Tipo
report-monthly = Informe mensual
report-monthly-hint = Para el dentista: si estamos seguros, qué cambió, qué hacer
report-prospect = Primera evaluación
report-prospect-hint = Para alguien que todavía no es cliente
report-risk-analysis = Análisis de riesgos HIPAA
report-risk-analysis-hint = Lo que pide 45 CFR 164.308(a)(1)(ii)(A), con hechos actuales
do-make-report = Crear el informe
brand-heading = Su marca
brand-text = Aparece en cada informe en lugar de la nuestra.
brand-name = Su nombre
brand-color = Color
brand-contact = A quién llamar
brand-contact-hint = Un nombre y un teléfono, uno por línea, tal como debe leerlos el dentista.
brand-saved = Guardado. El próximo informe lo llevará.
brand-wrong = No se guardó: elija un color más oscuro, para que el texto se pueda leer.

## Ajustes
settings-tree = Consultorios
settings-people = Personas
settings-keys = Claves de API
settings-routing = Alertas
settings-trust = Quién puede firmar
tree-lead = Los consultorios, sus grupos y sus sedes.
tree-empty = Todavía no hay consultorios. Agregue el primero.
tree-no-group = Sin grupo
tree-name = Nombre
tree-group-hint = Consultorios de un mismo dueño o contrato. Se puede dar acceso a un solo grupo.
do-add = Agregar
do-add-group = Agregar un grupo
practice-added = El consultorio está agregado. Ahora agregue una de sus computadoras.
group-added = El grupo está agregado
name-wrong = No se agregó: dele un nombre que no esté en uso.
people-lead = Quién puede entrar, qué puede hacer y en qué consultorios. Ningún rol permite ejecutar algo en una computadora del consultorio: para eso hace falta una firma.
people-invite = Invitar a alguien
people-role = Rol
people-reach = Para
people-until = Hasta
people-until-hint = El acceso de un auditor siempre termina.
people-link = La invitación
people-link-text = Envíele este enlace. Funciona una vez, durante tres días.
people-wrong = No se invitó: revise el correo, y dé al auditor un último día.
reach-all = Todos los consultorios
do-invite = Crear una invitación
keys-lead = Para programas que usan la API. Una clave creada aquí lo lee todo y no cambia nada, y termina después de un año.
keys-empty = Todavía no hay claves.
keys-new = Una clave nueva
keys-name = Para qué es
keys-made = La clave nueva
key-ended = La clave quedó anulada
do-make-key = Crear una clave
do-end = Anular
routing-lead = A quién se avisa de qué. El ransomware nunca espera a la mañana.
routing-empty = Todavía no se avisa a nadie.
routing-to = A
routing-from = Desde esta gravedad
routing-hours = Horario
routing-quiet = espera a la mañana
routing-always = enseguida
routing-escalate = Después, otra persona
routing-after = { $count ->
    [one] después de { $count } minuto
   *[other] después de { $count } minutos
}
way-mail = correo
way-webhook = webhook
trust-lead = Las personas en cuyas firmas creen los agentes (la «raíz de confianza»). Queda fijada al agregar una computadora y solo cambia con las firmas de quienes están en ella.
trust-empty = Todavía no puede firmar nadie
trust-empty-text = La vigilancia funciona sin ella. Para cerrar una red o restaurar a distancia, cree llaves para al menos dos personas, cada una en su propia computadora:
trust-version = Versión { $version }. Para cambiarla deben firmar { $threshold } de { $count }.
trust-fingerprint = Huella de la llave
trust-how = Esta página solo la muestra. Se cambia con «enamel sign root», en las computadoras de los operadores.

## Agregar una computadora
tokens-lead = Un código pone una computadora bajo vigilancia. Funciona una vez, durante un día, para un consultorio.
do-make-token = Crear un código
tokens-made = Listo para { $practice }
tokens-paste = Pegue esta línea en la computadora, como administrador:
tokens-until = Funciona una vez, hasta el { $at }.
tokens-then = La computadora crea su propia llave, que nunca sale de ella. Sus primeros hallazgos estarán aquí en minutos.
tokens-no-practice = Un código pertenece a un consultorio. Agregue uno primero.
tokens-lately = Creados hace poco
tokens-empty = Todavía ninguno.
token-ran-out = venció
token-waits = sin usar todavía

rule-secret = Contraseñas o claves en texto claro
rule-data = Datos de pacientes que otros pueden leer
rule-end-of-life = Un programa o sistema sin soporte del fabricante
act-wrong = No funcionó. Revise lo que escribió e inténtelo de nuevo.
act-again = Para esto, inicie sesión otra vez: han pasado más de diez minutos.
device-name-missing = una computadora

## Búsqueda
search-title = Búsqueda
search-empty = Escriba el nombre de un consultorio o de una computadora, una regla, o palabras de un hallazgo.
search-none = No se encontró nada para «{ $query }»
search-none-text = Pruebe con menos palabras o más cortas. Los nombres de archivos no se buscan: se quedan en el consultorio.
search-found = { $count ->
    [one] Un resultado para «{ $query }»
   *[other] { $count } resultados para «{ $query }»
}
search-more = Hay más. Agregue una palabra para acotar.
hits-practices = Consultorios
hits-devices = Computadoras
hits-findings = Hallazgos

## Antes de la puerta
door-login = Entrar
door-login-lead = Con la llave de acceso de esta computadora o de su teléfono.
door-passkey = Usar una llave de acceso
door-passkey-failed = No funcionó. Inténtelo de nuevo o use otra manera.
door-no-script = Las llaves de acceso necesitan JavaScript. Todo lo demás funciona sin él.
door-code = Usar contraseña y código
door-password = Contraseña
door-totp = Código de su aplicación
door-lost = No tengo ninguna de las dos
door-back = Volver
door-wrong = No es correcto. Revise lo que escribió; los códigos cambian cada 30 segundos.
door-recovery = Recuperar el acceso
door-recovery-lead = Con su contraseña y uno de los códigos que guardó la primera vez. Cada código funciona una sola vez.
door-recovery-code = Código de recuperación
door-setup = Configurar este servidor
door-setup-lead = Usted es la primera persona aquí y será su propietaria. El enlace que le trajo funciona una vez.
door-name = Su nombre
door-make-passkey = Crear una llave de acceso
door-invitation = Le han invitado
door-invitation-lead = Cree una llave de acceso y ya está dentro. Sin contraseña que recordar.
door-codes = Guarde estos códigos
door-codes-lead = Si pierde su llave de acceso, uno de estos códigos le deja entrar de nuevo. Imprímalos o guárdelos donde guarda otros papeles importantes.
door-codes-kept = Los guardé
door-link-old = Este enlace ya se usó o es demasiado antiguo. Pida uno nuevo.

## Cuando algo salió mal
trouble-not-found = Aquí no hay nada
trouble-not-found-help = La dirección es incorrecta, o lo que había pertenece a un consultorio que usted no ve.
trouble-stale = Este formulario era demasiado antiguo
trouble-stale-help = Vuelva atrás, cargue la página de nuevo y envíelo otra vez. No se cambió nada.
trouble-too-many = Un momento, por favor
trouble-too-many-help = Fue mucho de una vez. Espere un minuto e inténtelo de nuevo.
trouble-read-only = Sin cambios por ahora
trouble-read-only-help = El servidor se puede leer pero no acepta cambios, por ejemplo porque su disco está lleno. No se pierde nada; inténtelo más tarde.
trouble-fault = Es culpa nuestra
trouble-fault-help = Algo falló en el servidor. No se pierde nada de lo que se le confirmó. Si se repite, avise a quien administra este servidor.
trouble-reference = Para citar:
trouble-home = Volver a Hoy
